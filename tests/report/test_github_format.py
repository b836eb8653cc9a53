"""Annotations are workflow commands that GitHub shows: no more of a level than it shows, each with its line."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from layerscope.probe.probed import Probed
from layerscope.report.context import RenderContext
from layerscope.report.github_format import SHOWN, GithubFormat, write_command
from layerscope.report.instruction_lines import InstructionLines
from layerscope.rules.severity import Severity
from support.dockerfiles import match
from support.example_results import CLEAN, DAMAGED, UNPROVED, WASTEFUL
from support.report_checks import Annotation, read_commands
from support.results import ResultRecipe, make_finding, make_result


def read(recipe: ResultRecipe, context: RenderContext | None = None) -> list[Annotation]:
    """What GitHub makes of a report."""
    return read_commands(GithubFormat().render(make_result(recipe), context or RenderContext()))


def test_a_report_looks_like_this(snapshot: Callable[[str, str], None]) -> None:
    """A whole report, as it is read in a diff."""
    snapshot("wasteful-github.txt", GithubFormat().render(make_result(WASTEFUL), RenderContext()))


@pytest.mark.parametrize(
    ("threshold", "levels"),
    [
        (Severity.HIGH, ["error", "warning", "notice", "notice"]),
        (Severity.LOW, ["error", "error", "error", "notice"]),
        (None, ["warning", "warning", "notice", "notice"]),
    ],
)
def test_what_fails_the_audit_is_an_error(threshold: Severity | None, levels: list[str]) -> None:
    """Below the threshold, what is at least medium is a warning."""
    assert [each.level for each in read(replace(WASTEFUL, gaps=[]), RenderContext(fail_on=threshold))] == levels


def test_damage_is_an_error_whatever_the_threshold() -> None:
    """As the audit fails."""
    assert [each.level for each in read(DAMAGED, RenderContext(fail_on=None))] == ["error"]


def test_a_sound_image_is_told_too() -> None:
    """A step without any annotation would look like one that did not run."""
    (only,) = read(CLEAN)
    assert (only.level, only.message) == ("notice", "Nothing was found in docker.io/acme/true:1")


def test_gaps_and_a_refused_probe_are_told() -> None:
    """A gap is a warning, a probe that was asked for and did not run an error."""
    (gap,) = read(UNPROVED)
    assert gap.level == "warning"
    assert gap.message == "1 part could not be read: the layer's contents (layer 0)"
    result = replace(make_result(CLEAN), probed=Probed(refusal="there is no engine"))
    (refused,) = read_commands(GithubFormat().render(result, RenderContext()))
    assert (refused.level, refused.message) == ("error", "The probe could not run: there is no engine")


def test_the_line_of_a_dockerfile_is_told() -> None:
    """A name with what a command is made of comes through."""
    matched = match("FROM a\nRUN b \\\n  c\n", "ADD a", "RUN b   c")
    context = RenderContext(source=InstructionLines("docker/a,b:c%/Dockerfile", matched))
    (only,) = read(replace(CLEAN, findings=[make_finding("LAY104", (1, "x"))]), context)
    assert only.properties == {
        "file": "docker/a,b:c%/Dockerfile",
        "line": "2",
        "endLine": "3",
        "title": "LAY104 deleted-in-later-layer (medium)",
    }


@pytest.mark.parametrize(("count", "shown"), [(SHOWN, SHOWN), (SHOWN + 1, SHOWN), (SHOWN + 90, SHOWN)])
def test_no_more_than_github_shows(count: int, shown: int) -> None:
    """The last one of a level says how many are missing; nothing is dropped in silence."""
    found = [make_finding("LAY104", (0, f"a/{number}")) for number in range(count)]
    told = read(replace(CLEAN, findings=found))
    assert len(told) == shown
    if count > shown:
        assert told[-1].message.startswith(f"{count - shown + 1} more warnings;")


def test_nothing_in_a_message_or_a_property_ends_a_command() -> None:
    """They are escaped as GitHub's toolkit does it, and come out as they went in."""
    text = write_command("error", {"title": "a,b:c%2C"}, "50%\n::error::x\r%0A")
    assert text == "::error title=a%2Cb%3Ac%252C::50%25%0A::error::x%0D%250A"
    assert read_commands(text) == [Annotation("error", {"title": "a,b:c%2C"}, "50%\n::error::x\r%0A")]
