"""A check on a terminal: what breaks first, each with its layer and its cure, and a line for what is sound."""

from layerscope.gate.limit import Breach
from layerscope.gate.verdict import Disposition, ImageVerdict, JudgedFinding, State
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text
from layerscope.report.gate import words
from layerscope.report.gate.words import GateReport
from layerscope.report.places import tell_reference
from layerscope.report.terminal.page import Page
from layerscope.rules.wording import tell_count

_STYLES = {
    State.SOUND: "good",
    State.BROKEN: "bad",
    State.DAMAGED: "bad",
    State.ABSENT: "bad",
    State.UNFINISHED: "doubt",
    State.SKIPPED: "muted",
}
_ORDER = tuple(State)


def render_check_text(report: GateReport, context: RenderContext) -> str:
    """The check as text."""
    page = Page(context)
    outcome = report.outcome
    for suppression in outcome.expired:
        page.add_line((f"{page.symbols.bad} expired ", "bad"), escape_text(words.tell_expired(suppression)))
    for verdict in sorted(outcome.verdicts, key=lambda each: _ORDER.index(each.state)):
        _draw_verdict(page, report, verdict)
    for suppression in outcome.unused:
        page.add_line((f"{page.symbols.doubt} ", "doubt"), escape_text(words.tell_unused(suppression, outcome)))
    if outcome.gone:
        page.add_line((f"{page.symbols.doubt} ", "doubt"), words.tell_gone(outcome))
    if len(outcome.verdicts) > 1 or outcome.expired:
        page.add_line((words.tell_summary(outcome), "heading"))
    return page.read()


def _draw_verdict(page: Page, report: GateReport, verdict: ImageVerdict) -> None:
    symbols = page.symbols
    signs = {State.SOUND: symbols.good, State.UNFINISHED: symbols.doubt, State.SKIPPED: symbols.dash}
    sign = signs.get(verdict.state, symbols.bad)
    counts = words.tell_counts(verdict)
    page.add_line(
        (f"{sign} ", _STYLES[verdict.state]),
        (escape_line(tell_reference(verdict.name)), "heading"),
        f"  {words.tell_verdict(verdict)}",
        (f"  ({counts})" if counts else "", "muted"),
    )
    if verdict.trouble:
        page.add_item("", escape_text(verdict.trouble), indent=2)
    for breach in words.iter_breaches(verdict):
        _draw_breach(page, breach)
    told = words.list_told(verdict)
    shown = told if page.context.limit is None else told[: page.context.limit]
    for judged in shown:
        _draw_finding(page, report, verdict, judged)
    if len(shown) < len(told):
        more = tell_count(len(told) - len(shown), "more finding")
        page.add_line((f"{symbols.ellipsis} {more} (--limit 0 shows all)", "muted"), indent=2)


def _draw_breach(page: Page, breach: Breach) -> None:
    page.add_item("", (f"{breach.limit}: ", "bad"), escape_text(breach.message), indent=2)
    if breach.detail:
        page.add_item("", (escape_text(breach.detail), "muted"), indent=4)
    if breach.remedy:
        page.add_item((f"{page.symbols.arrow} ", "label"), escape_text(breach.remedy), indent=4)


def _draw_finding(page: Page, report: GateReport, verdict: ImageVerdict, judged: JudgedFinding) -> None:
    finding = judged.finding
    style = str(finding.severity) if judged.disposition is Disposition.FAILS else "muted"
    warned = "" if judged.disposition is Disposition.FAILS else " (warning)"
    page.add_item(
        "",
        (f"{finding.code} {finding.rule}", style),
        (f" {words.tell_severity(judged)}{warned}: ", "muted"),
        escape_line(finding.message),
        indent=2,
    )
    for place in words.list_places(report, verdict, finding):
        page.add_item("", (escape_text(place), "muted"), indent=4)
    if remedy := words.tell_remedy(finding):
        page.add_item((f"{page.symbols.arrow} ", "label"), escape_line(remedy), indent=4)
