"""LAY201: neighbouring build steps ran far apart in time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import ClassVar, Final

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.build_times import BuildTimes, TimedStep
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_count, tell_layer

FAR_APART: Final = timedelta(days=7)
"""One build takes hours at most; a week between two of its steps means that the lower one came from the cache."""

VERY_FAR_APART: Final = timedelta(days=60)
"""Two months: package indexes, base images and driver requirements have moved on since."""

FIRST_CONTAINER: Final = datetime(2013, 3, 20, tzinfo=UTC)
"""Older times are fixed by reproducible builds (1970, 1980): they say nothing."""

FIX: Final = Fix(
    "Rebuild the step below the gap instead of taking it from the cache",
    (
        "docker build --no-cache-filter STAGE --pull -t IMAGE .   (only that stage; without stages: --no-cache)",
        "In continuous integration, rebuild without cache once a week, so that no step grows older than that.",
    ),
    kind=FixKind.REBUILD,
)


class DistantBuildSteps(Rule):
    """Neighbouring build steps ran far apart in time.

    What it checks: The times that the history records for neighbouring steps that made layers. More than a week
        between two steps of one build means that the lower one was taken from the build cache.
    Why it matters: A cached `RUN apt-get update` or `pip install` keeps what was current then: known holes stay
        open, and steps above it, made weeks later, meet package lists and libraries that no longer fit. "Works
        after --no-cache" is this.
    Example: `RUN apt-get update && apt-get install -y …` of 3 March below `RUN pip install -r requirements.txt` of
        9 June.
    Remedy: Rebuild from the step below the gap: the stage alone with `--no-cache-filter`, or all with `--no-cache`.
    Fix safety: Review: newer packages may behave differently; that is the point.
    Blind spots: Confidence is low. An old step can be as good as a new one. Where the base image is unknown, its
        end is guessed (a step after `CMD` or `ENTRYPOINT` starts a new image), and a gap at an unnoticed end is no
        fault. Reproducible builds record one time for all steps, and `COPY --link` may reuse layers in any order.
    References: BuildKit documentation, "Build cache invalidation"; docker build --no-cache-filter.
    """

    code: ClassVar[str] = "LAY201"
    covers: ClassVar[tuple[int, ...]] = (57, 59, 60)
    severity: ClassVar[Severity] = Severity.LOW
    confidence: ClassVar[Confidence] = Confidence.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (BuildTimes,)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.REBUILD,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for all gaps of the image."""
        times = facts.find(BuildTimes)
        gaps = list(_iter_gaps(times)) if times is not None else []
        if not gaps:
            return
        lower, upper = max(gaps, key=lambda gap: (gap[1].created - gap[0].created, -gap[1].layer))
        days = (upper.created - lower.created).days
        others = f", and {tell_count(len(gaps) - 1, 'more gap')} of over a week" if len(gaps) > 1 else ""
        message = (
            f"{tell_count(days, 'day')} lie between {tell_layer(lower.layer, lower.instruction)} "
            f"of {lower.created:%Y-%m-%d} and {tell_layer(upper.layer, upper.instruction)} "
            f"of {upper.created:%Y-%m-%d}{others}: "
            "the lower step was taken from a build cache, or ends a base image"
        )
        layers = dict.fromkeys(step.layer for gap in gaps for step in gap)
        severity = self.severity if upper.created - lower.created >= VERY_FAR_APART else Severity.INFO
        places = [Evidence(layer=layer) for layer in layers][:SHOWN_LOCATIONS]
        yield self.finding(message, *places, severity=severity, fixes=(FIX,))


def _iter_gaps(times: BuildTimes) -> Iterator[tuple[TimedStep, TimedStep]]:
    """Neighbouring steps of one's own build that are far apart."""
    steps = [step for step in times.steps if step.created >= FIRST_CONTAINER]
    for lower, upper in pairwise(steps):
        is_boundary = upper.layer <= times.base_layers if times.base_layers else upper.starts_stage
        if not is_boundary and upper.created - lower.created >= FAR_APART:
            yield lower, upper
