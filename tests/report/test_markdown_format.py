"""The Markdown report says the worst first, folds what is long, and is never too long for GitHub."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from layerscope.facts.cuda.gpu_verdict import Verdict
from layerscope.facts.gap import Gap
from layerscope.probe.probed import Probed
from layerscope.report.context import RenderContext
from layerscope.report.markdown_format import MarkdownFormat
from layerscope.rules.severity import Severity
from support.example_results import CLEAN, DAMAGED, HOSTILE, UNPROVED, WASTEFUL
from support.gpu_facts import verdict
from support.report_checks import check_markdown
from support.results import ResultRecipe, make_finding, make_result


def show(recipe: ResultRecipe, *, exit_code: int = 0, limit: int | None = 10, unicode: bool = True) -> str:
    """The report of a result, checked."""
    context = RenderContext(exit_code=exit_code, limit=limit, unicode=unicode)
    text = MarkdownFormat().render(make_result(recipe), context)
    check_markdown(text)
    return text


@pytest.mark.parametrize(("name", "recipe"), [("wasteful", WASTEFUL), ("hostile", HOSTILE), ("damaged", DAMAGED)])
def test_reports_look_like_this(name: str, recipe: ResultRecipe, snapshot: Callable[[str, str], None]) -> None:
    """Whole reports, as they are read in a diff."""
    snapshot(f"{name}.md", show(recipe, exit_code=1))


@pytest.mark.parametrize(
    ("recipe", "code", "words"),
    [
        (CLEAN, 0, "**✅ Intact:** every byte of 1 layer is what its digest says\n\n**✅ Passed:** nothing found"),
        (WASTEFUL, 1, "**❌ Failed:** 🟧 1 high, 🟨 1 medium, 🟦 1 low, ⬜ 1 info (fails on: high)"),
        (DAMAGED, 4, "**❌ Damaged:** the image is not what its digests say"),
        (UNPROVED, 0, "**⚠️ Unproved:** 1 of 1 layer could not be checked against the digests"),
        (ResultRecipe(), 0, "**✅ Intact:** the image has no layers"),
    ],
)
def test_the_verdict_comes_first(recipe: ResultRecipe, code: int, words: str) -> None:
    """Bytes, then findings."""
    assert words in show(recipe, exit_code=code)


def test_a_probe_that_could_not_run_is_told() -> None:
    """Beside the verdict, with the reason."""
    result = replace(make_result(CLEAN), probed=Probed(refusal="there is no engine"))
    assert "**⚠️ Not probed:** there is no engine\n" in MarkdownFormat().render(result, RenderContext())


def test_without_signs_where_they_cannot_be_written() -> None:
    """A terminal without UTF-8 gets words alone."""
    assert show(WASTEFUL, exit_code=1, unicode=False).isascii()


def test_gpus_with_one_reason_share_a_row() -> None:
    """The table of a fleet is short."""
    first = verdict(Verdict.NONE)
    bad = [msgspec.structs.replace(first, name=name, reason="no code") for name in ("A", "B")]
    good = msgspec.structs.replace(first, name="C", verdict=Verdict.NATIVE, reason="it has code")
    text = show(replace(CLEAN, facts=[*bad, good]))
    assert "| C | runs | it has code |\n| A, B | cannot run | no code |" in text


def test_a_limit_cuts_findings_and_gaps() -> None:
    """How many are left out is said."""
    found = [make_finding("LAY104", (0, f"a/{number}")) for number in range(4)]
    gaps = [Gap("a file", f"/{number}", "no") for number in range(4)]
    text = show(replace(WASTEFUL, findings=found, gaps=gaps), limit=3)
    assert text.count("<summary>LAY104") == 3
    assert "and 1 more finding" in text
    assert "and 1 more gap" in text
    assert show(replace(WASTEFUL, findings=found, gaps=gaps), limit=None).count("<summary>LAY104") == 4


def test_a_long_report_is_cut_between_its_parts() -> None:
    """GitHub drops a summary of more than 1 MiB; the worst findings stay."""
    long = "x" * 3000
    found = [
        make_finding("LAY104", (0, f"{long}{number}"), message=f"{number} {long}", severity=Severity.MEDIUM)
        for number in range(150)
    ]
    text = show(replace(WASTEFUL, findings=found), limit=None)
    assert len(text.encode()) < 1 << 20
    assert text.count("<summary>LAY104") < 150
    assert "more parts of the report left out for its length" in text
