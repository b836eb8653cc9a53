"""GitLab's code quality reports have an issue for each finding, each with a fingerprint of its own."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from layerscope.probe.probed import Probed
from layerscope.report.context import RenderContext
from layerscope.report.gitlab_format import GitlabFormat
from layerscope.report.instruction_lines import InstructionLines
from layerscope.rules.severity import Severity
from support.dockerfiles import match
from support.example_results import CLEAN, DAMAGED, HOSTILE, UNPROVED, WASTEFUL
from support.report_checks import check_gitlab
from support.results import ResultRecipe, make_finding, make_result


@pytest.mark.parametrize("recipe", [WASTEFUL, CLEAN, DAMAGED, UNPROVED, HOSTILE, ResultRecipe()])
def test_reports_are_sound(recipe: ResultRecipe) -> None:
    """Every finding and every gap is an issue with all that GitLab wants."""
    issues = check_gitlab(GitlabFormat().render(make_result(recipe), RenderContext()))
    assert len(issues) == len(recipe.findings) + len(recipe.gaps)


def test_a_report_looks_like_this(snapshot: Callable[[str, str], None]) -> None:
    """A whole report, as it is read in a diff."""
    snapshot("wasteful-gitlab.json", GitlabFormat().render(make_result(WASTEFUL), RenderContext()))


def test_each_severity_has_a_word_of_gitlab() -> None:
    """From info to blocker."""
    found = [make_finding("LAY104", (0, str(severity)), severity=severity) for severity in Severity]
    issues = check_gitlab(GitlabFormat().render(make_result(replace(CLEAN, findings=found)), RenderContext()))
    assert [issue["severity"] for issue in issues] == ["blocker", "critical", "major", "minor", "info"]


def test_the_line_of_a_dockerfile_is_told() -> None:
    """Where it is known; GitLab shows the finding beside it."""
    matched = match("FROM a\nRUN b\n", "ADD a", "RUN b")
    context = RenderContext(source=InstructionLines("docker/Dockerfile", matched))
    result = make_result(replace(CLEAN, findings=[make_finding("LAY104", (1, "x"))]))
    (issue,) = check_gitlab(GitlabFormat().render(result, context))
    assert issue["location"] == {"path": "docker/Dockerfile", "lines": {"begin": 2}}


def test_a_refused_probe_is_told() -> None:
    """It was asked for, and did not run."""
    result = replace(make_result(CLEAN), probed=Probed(refusal="there is no engine"))
    (issue,) = check_gitlab(GitlabFormat().render(result, RenderContext()))
    assert (issue["check_name"], issue["severity"]) == ("unfinished-probe", "critical")


def test_a_finding_without_words_has_its_title() -> None:
    """GitHub and GitLab refuse an empty message."""
    result = make_result(replace(CLEAN, findings=[make_finding("LAY104", (0, "x"), message=" \t")]))
    (issue,) = check_gitlab(GitlabFormat().render(result, RenderContext()))
    assert issue["description"].startswith("LAY104: Deleted in later layer")
