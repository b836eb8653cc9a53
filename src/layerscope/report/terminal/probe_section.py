"""The probe in an audit's report: a line beside the verdict, and its stages as a section."""

from layerscope.audit.result import AuditResult
from layerscope.probe.verdict import Outcome
from layerscope.report.escape import escape_line
from layerscope.report.probe_view import draw_evidence, draw_stages, tell_stages
from layerscope.report.terminal.page import Page
from layerscope.report.terminal.trace_section import draw_trace

Line = tuple[tuple[str, str], str]


def tell_probe(page: Page, result: AuditResult) -> Line | None:
    """What the probe came to, in one line; None where none was asked for."""
    probed, symbols = result.probed, page.symbols
    if probed is None:
        return None
    verdict = probed.verdict
    if verdict is None:
        return _word(symbols.doubt, "NO PROBE", "doubt"), escape_line(probed.refusal)
    told = escape_line(verdict.title)
    if verdict.is_good:
        unproved = f"; unproved: {tell_stages(verdict.unproved)}" if verdict.unproved else ""
        return _word(symbols.good, "PROVED", "good"), f"{told}{unproved}"
    if verdict.outcome is Outcome.UNPROVED:
        return _word(symbols.doubt, "UNPROVED", "doubt"), told
    reason = f": {escape_line(verdict.reason)}" if verdict.reason else ""
    return _word(symbols.bad, "BROKEN", "bad"), f"{told}{reason}"


def _word(symbol: str, word: str, style: str) -> tuple[str, str]:
    """As wide as the words of the lines around it."""
    return f"{symbol} {word:<9}", style


def draw_probe(page: Page, result: AuditResult) -> None:
    """Draw the stages, and where the first that broke stood."""
    probed = result.probed
    if probed is None or probed.seen is None or probed.verdict is None:
        return
    draw_stages(page, probed)
    draw_evidence(page, probed.seen, probed.verdict)
    draw_trace(page, probed.traced)
    for remark in probed.verdict.remarks:
        page.add_line(f"{page.symbols.doubt} {escape_line(remark)}", indent=2)
