"""A check as Markdown, for a merge request or the summary of a job."""

from collections.abc import Iterator
from typing import Final

from layerscope.gate.verdict import Disposition, ImageVerdict, State
from layerscope.report.context import RenderContext
from layerscope.report.gate import words
from layerscope.report.gate.words import GateReport
from layerscope.report.markdown import write_code, write_prose, write_row
from layerscope.report.places import tell_reference
from layerscope.rules.wording import begin, tell_count

_SIGNS: Final = {State.SOUND: "✅", State.UNFINISHED: "⚠️", State.SKIPPED: "⬜"}
_BAD: Final = "❌"


def render_check_markdown(report: GateReport, context: RenderContext) -> str:
    """The check as one document."""
    lines = list(_iter_head(report))
    for verdict in report.outcome.verdicts:
        if verdict.breaches or words.list_told(verdict):
            lines += ["", *_iter_verdict(report, verdict, context.limit)]
    return "\n".join(lines) + "\n"


def _iter_head(report: GateReport) -> Iterator[str]:
    """The outcome, the images in a table, and what is to be done about the policy."""
    outcome = report.outcome
    yield "# Check of images"
    yield ""
    yield f"**{write_prose(begin(words.tell_summary(outcome)))}.**"
    yield ""
    yield write_row(["", "image", "verdict", "not counted"])
    yield write_row(["---"] * 4)
    for verdict in outcome.verdicts:
        told = words.tell_verdict(verdict) + (f": {verdict.trouble}" if verdict.trouble else "")
        name = write_code(tell_reference(verdict.name))
        yield write_row([_SIGNS.get(verdict.state, _BAD), name, write_prose(told), words.tell_counts(verdict)])
    notes = [f"- **Expired:** {write_prose(words.tell_expired(each))}" for each in outcome.expired]
    notes += [f"- {write_prose(words.tell_unused(each, outcome))}" for each in outcome.unused]
    notes += [f"- {write_prose(words.tell_gone(outcome))}"] if outcome.gone else []
    if notes:
        yield ""
        yield from notes


def _iter_verdict(report: GateReport, verdict: ImageVerdict, limit: int | None) -> Iterator[str]:
    """What one image breaks, and what is warned of."""
    yield f"## {write_code(tell_reference(verdict.name))}"
    yield ""
    for breach in words.iter_breaches(verdict):
        parts = [part for part in (breach.message, breach.detail, breach.remedy) if part]
        yield f"- **{breach.limit}**: {'; '.join(map(write_prose, parts))}"
    told = words.list_told(verdict)
    for judged in told[:limit]:
        finding = judged.finding
        grave = words.tell_severity(judged) + ("" if judged.disposition is Disposition.FAILS else ", warning")
        yield f"- **{finding.code}** `{finding.rule}` ({grave}): {write_prose(finding.message)}"
        for place in words.list_places(report, verdict, finding):
            yield f"  - {write_code(place)}"
        if remedy := words.tell_remedy(finding):
            yield f"  - **Fix:** {write_prose(remedy)}"
    if limit is not None and len(told) > limit:
        yield f"- and {tell_count(len(told) - limit, 'more finding')} (`--limit 0` shows all)"
