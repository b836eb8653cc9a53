"""JUnit reports show findings as cases: those that fail the audit fail, the others pass and are told."""

from collections.abc import Callable
from dataclasses import replace
from xml.etree.ElementTree import Element

import pytest

from layerscope.probe.probed import Probed
from layerscope.report import junit_format
from layerscope.report.context import RenderContext
from layerscope.report.instruction_lines import InstructionLines
from layerscope.report.junit_format import JunitFormat
from layerscope.rules.severity import Severity
from support.dockerfiles import match
from support.example_results import CLEAN, DAMAGED, HOSTILE, UNPROVED, WASTEFUL
from support.report_checks import check_junit
from support.results import ResultRecipe, make_finding, make_result


def suites_of(recipe: ResultRecipe, context: RenderContext | None = None) -> Element:
    """The suites of a result, checked."""
    return check_junit(JunitFormat().render(make_result(recipe), context or RenderContext()))


def list_outcomes(root: Element) -> dict[str, str]:
    """What became of each case, by its first word."""
    return {case.get("name", "").split()[0]: case[0].tag if len(case) else "passed" for case in root.iter("testcase")}


@pytest.mark.parametrize("recipe", [WASTEFUL, CLEAN, DAMAGED, UNPROVED, HOSTILE, ResultRecipe()])
def test_reports_are_sound(recipe: ResultRecipe) -> None:
    """Counts, names and elements are as consumers want them, and no report is without a case."""
    suites_of(recipe)


def test_a_report_looks_like_this(snapshot: Callable[[str, str], None]) -> None:
    """A whole report, as it is read in a diff."""
    snapshot("wasteful.xml", JunitFormat().render(make_result(WASTEFUL), RenderContext()))


@pytest.mark.parametrize(
    ("threshold", "failing"),
    [(Severity.HIGH, ["CONF002"]), (Severity.MEDIUM, ["CONF002", "LAY103"]), (None, [])],
)
def test_the_threshold_decides_what_fails(threshold: Severity | None, failing: list[str]) -> None:
    """What lies below it passes, and says what it is."""
    outcomes = list_outcomes(suites_of(WASTEFUL, RenderContext(fail_on=threshold)))
    assert sorted(name for name, outcome in outcomes.items() if outcome == "failure") == failing
    assert outcomes["CONF001"] == "system-out"


def test_damage_fails_whatever_the_threshold() -> None:
    """As the audit does."""
    assert list_outcomes(suites_of(DAMAGED, RenderContext(fail_on=None)))["LAY001"] == "failure"


def test_what_could_not_be_read_is_skipped() -> None:
    """With the reason."""
    (suite,) = (suite for suite in suites_of(UNPROVED) if suite.get("name") == "layerscope.gaps")
    assert suite[0][0].tag == "skipped"
    assert suite[0][0].text == "the layer is foreign and not in this archive"


def test_a_probe_that_could_not_run_is_an_error() -> None:
    """A family that was not asked for has no suite at all."""
    assert not [suite for suite in suites_of(CLEAN) if suite.get("name") == "layerscope.probe"]
    result = replace(make_result(CLEAN), probed=Probed(refusal="there is no engine"))
    root = check_junit(JunitFormat().render(result, RenderContext()))
    (error,) = root.iter("error")
    assert error.get("message") == "there is no engine"


def test_names_stay_when_sizes_and_layers_change() -> None:
    """GitLab compares reports by them."""
    names = [
        [
            case.get("name")
            for case in suites_of(
                replace(
                    WASTEFUL,
                    findings=[
                        make_finding("LAY104", (layer, "var/cache/apt"), message=f"{layer} MB"),
                        make_finding("CONF013", rule="small-shared-memory", message=f"{layer} processes share memory"),
                    ],
                )
            ).iter("testcase")
        ]
        for layer in (1, 2)
    ]
    assert names[0] == names[1]


def test_findings_that_look_alike_have_names_of_their_own() -> None:
    """GitLab shows the first of each name alone."""
    found = [make_finding("ELF001", (0, "bin/a"), message=f"{name} is missing") for name in ("liba", "libb")]
    names = [case.get("name", "") for case in suites_of(replace(WASTEFUL, findings=found)).iter("testcase")]
    assert [name for name in names if name.startswith("ELF001")] == [
        "ELF001 deleted-in-later-layer: /bin/a",
        "ELF001 deleted-in-later-layer: /bin/a (2)",
    ]


def test_the_line_of_a_dockerfile_is_told() -> None:
    """GitLab links to it."""
    matched = match("FROM a\nRUN b\n", "ADD a", "RUN b")
    context = RenderContext(source=InstructionLines("docker/Dockerfile", matched))
    root = suites_of(replace(WASTEFUL, findings=[make_finding("LAY104", (1, "x"))]), context)
    (case,) = (case for case in root.iter("testcase") if case.get("file"))
    assert (case.get("file"), case.get("line")) == ("docker/Dockerfile", "2")


def test_too_many_findings_are_cut_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worst stay; the rest is a case that is skipped."""
    monkeypatch.setattr(junit_format, "CASES_LIMIT", 2)
    found = [make_finding("LAY104", (0, f"a/{number}")) for number in range(5)]
    root = suites_of(replace(CLEAN, findings=found))
    assert [case.text for case in root.iter("skipped")] == ["3 more cases left out"]
