"""The findings, the worst first: what, where, by which instruction, and the change that cures it."""

from itertools import groupby

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from layerscope.audit.result import AuditResult
from layerscope.report.escape import escape_text, shorten
from layerscope.report.instruction import tell_instruction
from layerscope.report.origin import find_finding_origin
from layerscope.report.places import root_path, select_unnamed
from layerscope.report.terminal.page import Page
from layerscope.report.terminal.slashed import Slashed
from layerscope.rules.finding import Finding
from layerscope.rules.order import order_findings
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_count

SHOWN_PATHS = 3
"""Paths of one finding that are named; the JSON report names all."""
LABEL_WIDTH = 8


def draw_findings(page: Page, result: AuditResult) -> None:
    """Draw the findings grouped by severity."""
    for severity, group in groupby(order_findings(result.findings), key=lambda finding: finding.severity):
        _draw_group(page, result, severity, list(group))


def _draw_group(page: Page, result: AuditResult, severity: Severity, findings: list[Finding]) -> None:
    page.add_blank()
    sign = f"{page.symbols.severity(severity)} {severity.name}"
    page.add_line((sign, str(severity)), (f"  {tell_count(len(findings), 'finding')}", "muted"))
    limit = page.context.limit
    shown = findings if limit is None else findings[:limit]
    for finding in shown:
        draw_finding(page, result, finding)
    if len(shown) < len(findings):
        more = tell_count(len(findings) - len(shown), f"more {severity} finding")
        page.add_line((f"{page.symbols.ellipsis} {more} (--limit 0 shows all)", "muted"), indent=2)


def draw_finding(page: Page, result: AuditResult, finding: Finding, *, has_steps: bool = False) -> None:
    """Draw one finding: its rule, what it says, where, and its fixes, with their steps where nothing below has them."""
    title = Text.assemble((finding.code, str(finding.severity)), (f" {finding.rule}", "heading"))
    if finding.confidence is not Confidence.HIGH:
        title.append(f"  {finding.confidence} confidence", "muted")
    if find_finding_origin(finding, result) == "base":
        title.append("  in the base image", "muted")
    if finding.confirmed:
        title.append("  confirmed by the probe", "bad")
    page.add(title, indent=2)
    page.add(Slashed(Text(escape_text(finding.message))), indent=4)
    details = _start_details()
    for label, text in _describe_places(page, result, finding):
        details.add_row(label, text)
    for number, fix in enumerate(finding.fixes):
        details.add_row(f"{page.symbols.arrow} {'or' if number else 'fix'}", Text(escape_text(fix.title)))
        for step in fix.steps if has_steps else ():
            details.add_row("", Text(escape_text(step)))
    if details.row_count:
        page.add(details, indent=4)


def _start_details() -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(style="label", no_wrap=True, min_width=LABEL_WIDTH)
    table.add_column(overflow="fold")
    return table


def _describe_places(page: Page, result: AuditResult, finding: Finding) -> list[tuple[str, RenderableType]]:
    """What the message leaves out: a row a layer with its instruction, and the first of its paths."""
    rows: list[tuple[str, RenderableType]] = []
    width = page.width - LABEL_WIDTH - 6
    places = select_unnamed(finding.locations, finding.message)
    for layer, group in groupby(places, key=lambda location: location.layer):
        paths = [location.path for location in group if location.path is not None]
        if layer is not None:
            step = result.layers[layer].step if layer < len(result.layers) else None
            instruction = shorten(tell_instruction(step), width, ellipsis=page.symbols.ellipsis)
            rows.append((f"layer {layer}", Text(instruction, "instruction")))
        rows += [("", Slashed(Text(escape_text(root_path(path)), "path"))) for path in paths[:SHOWN_PATHS]]
        if len(paths) > SHOWN_PATHS:
            rows.append(("", Text(f"and {tell_count(len(paths) - SHOWN_PATHS, 'more path')}", "muted")))
    return rows
