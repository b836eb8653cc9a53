"""LAY201 distant-build-steps: what it flags and what it lets pass."""

from datetime import UTC, datetime

from layerscope.facts.layers.build_times import TimedStep
from layerscope.rules.layers.distant_build_steps import DistantBuildSteps
from layerscope.rules.severity import Confidence, Severity
from support.cases import flags, ignores
from support.sample_facts import step, times


def test_flags_a_step_that_came_from_an_old_cache() -> None:
    """The message gives both dates, and says what else it may be."""
    (finding,) = flags(DistantBuildSteps, times(step(0, 1), step(1, 1), step(2, 20)))
    assert finding.message == (
        "19 days lie between layer 1 (RUN step-1) of 2026-03-01 and layer 2 (RUN step-2) of 2026-03-20: "
        "the lower step was taken from a build cache, or ends a base image"
    )
    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.LOW)
    assert [location.layer for location in finding.locations] == [1, 2]


def test_a_gap_of_months_is_worse() -> None:
    """By then packages and driver requirements have moved on; several gaps are one finding."""
    (finding,) = flags(DistantBuildSteps, times(step(0, 1, month=1), step(1, 20, month=1), step(2, 20, month=6)))
    assert finding.severity is Severity.LOW
    assert "and 1 more gap of over a week" in finding.message


def test_ignores_steps_of_one_build() -> None:
    """A build takes hours, a slow one days."""
    ignores(DistantBuildSteps, times(step(0, 1), step(1, 2), step(2, 7)))


def test_ignores_the_end_of_a_known_base_image() -> None:
    """The base was built when it was built."""
    ignores(DistantBuildSteps, times(step(0, 1, month=1), step(1, 1), step(2, 20), base_layers=2))


def test_ignores_the_likely_end_of_an_unknown_base_image() -> None:
    """Base images end with a command, and the next step starts another image."""
    ignores(DistantBuildSteps, times(step(0, 1), step(1, 20, starts_stage=True)))


def test_ignores_times_that_reproducible_builds_set() -> None:
    """1970 is not when anything was built."""
    epoch = TimedStep(0, datetime(1970, 1, 1, tzinfo=UTC), None, "bazel build", starts_stage=False)
    ignores(DistantBuildSteps, times(epoch, step(1, 20)))
