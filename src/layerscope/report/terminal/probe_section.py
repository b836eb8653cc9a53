"""The probe in an audit's report: a line beside the verdict, and its stages as a section."""

from layerscope.audit.result import AuditResult
from layerscope.probe.verdict import Outcome
from layerscope.report.escape import escape_line
from layerscope.report.probe_view import draw_evidence, draw_stages
from layerscope.report.terminal.page import Page

Line = tuple[tuple[str, str], str]


def tell_probe(page: Page, result: AuditResult) -> Line | None:
    """What the probe came to, in one line; None where none was asked for."""
    probed, symbols = result.probed, page.symbols
    if probed is None:
        return None
    verdict = probed.verdict
    if verdict is None:
        return (f"{symbols.doubt} {'NO PROBE':<9}", "doubt"), escape_line(probed.refusal)
    word, told = verdict.outcome.upper(), escape_line(verdict.title)
    if verdict.is_good:
        return (f"{symbols.good} {word:<9}", "good"), told
    if verdict.outcome is Outcome.UNPROVED:
        return (f"{symbols.doubt} {word:<9}", "doubt"), told
    reason = f": {escape_line(verdict.reason)}" if verdict.reason else ""
    return (f"{symbols.bad} {word:<9}", "bad"), f"{told}{reason}"


def draw_probe(page: Page, result: AuditResult) -> None:
    """Draw the stages, and where the first that broke stood."""
    probed = result.probed
    if probed is None or probed.seen is None or probed.verdict is None:
        return
    draw_stages(page, probed)
    draw_evidence(page, probed.seen, probed.verdict)
    for remark in probed.verdict.remarks:
        page.add_line(f"{page.symbols.doubt} {escape_line(remark)}", indent=2)
