"""What could be saved, by the rule that names it; the same bytes may count for several."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.text import Text

from layerscope.audit.result import AuditResult
from layerscope.report.escape import escape_text
from layerscope.report.terminal.bar import draw_bar
from layerscope.report.terminal.page import Page, start_table
from layerscope.report.units import format_share
from layerscope.rules.finding import Finding
from layerscope.rules.wording import tell_size

BAR_WIDTH = 10


@dataclass(frozen=True)
class Cause:
    """One reason for waste: the rule, its bytes, and the layers that carry them."""

    code: str
    rule: str
    title: str
    wasted: int
    layers: tuple[int, ...]


def find_causes(findings: Iterable[Finding]) -> list[Cause]:
    """The causes of waste, the largest first."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.wasted:
            groups.setdefault(finding.code, []).append(finding)
    causes = [
        Cause(
            code=code,
            rule=group[0].rule,
            title=group[0].title,
            wasted=sum(finding.wasted for finding in group),
            layers=tuple(
                sorted({place.layer for item in group for place in item.locations if place.layer is not None})
            ),
        )
        for code, group in groups.items()
    ]
    return sorted(causes, key=lambda cause: (-cause.wasted, cause.code))


def draw_causes(page: Page, result: AuditResult) -> None:
    """Draw one row a cause; nothing where nothing is wasted."""
    causes = find_causes(result.findings)
    if not causes:
        return
    page.add_heading("What could be saved", "by cause; causes overlap")
    table = start_table()
    table.add_column("size", justify="right", no_wrap=True)
    if not page.is_narrow:
        table.add_column("", no_wrap=True, min_width=BAR_WIDTH)
        table.add_column("share", justify="right", no_wrap=True)
    table.add_column("layers", no_wrap=True)
    table.add_column("cause", no_wrap=True, overflow="ellipsis", ratio=1)
    table.expand = True
    scale = causes[0].wasted
    for cause in causes:
        details = (
            draw_bar(0, cause.wasted, scale=scale, width=BAR_WIDTH, symbols=page.symbols),
            format_share(cause.wasted, result.weight.total) if result.is_whole else page.symbols.dash,
        )
        table.add_row(
            tell_size(cause.wasted),
            *(() if page.is_narrow else details),
            _list_layers(cause.layers),
            Text.assemble((cause.code, "muted"), f" {escape_text(cause.rule)}"),
        )
    page.add(table)


def _list_layers(layers: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, layers[:4]))
    return f"{shown} +{len(layers) - 4}" if len(layers) > 4 else shown  # noqa: PLR2004 -- what fits beside the cause
