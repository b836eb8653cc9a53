"""The layer table: what each layer weighs, what of it is lost, and the instruction that made it."""

from rich.table import Table
from rich.text import Text

from layerscope.audit.result import AuditedLayer, AuditResult
from layerscope.layers.entry import EntryType
from layerscope.report.instruction import tell_instruction
from layerscope.report.terminal.bar import draw_bar
from layerscope.report.terminal.layer_mark import mark_layer
from layerscope.report.terminal.page import Page, start_table
from layerscope.report.units import format_share, mark_sum
from layerscope.rules.wording import tell_size

NARROW_BAR = 10
WIDE_BAR = 24
WIDE_PAGE = 110
"""Columns from which on the bar may be wide and the stored size has a column of its own."""


def draw_layers(page: Page, result: AuditResult) -> None:
    """Draw one row a layer, lowest first."""
    if not result.layers:
        return
    is_wide = page.width >= WIDE_PAGE
    page.add_heading("Layers", "" if page.is_narrow else _explain_bar(page, result))
    table = _start(is_wide=is_wide, is_narrow=page.is_narrow)
    scale = max(weight.total for weight in result.weight.layers) if result.weight.layers else 0
    for layer in result.layers:
        table.add_row(*_draw_row(page, result, layer, scale=scale, is_wide=is_wide))
    page.add(table)


def _start(*, is_wide: bool, is_narrow: bool) -> Table:
    table = start_table()
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    if is_wide:
        table.add_column("stored", justify="right", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    if not is_narrow:
        table.add_column("", no_wrap=True, min_width=WIDE_BAR if is_wide else NARROW_BAR)
        table.add_column("share", justify="right", no_wrap=True)
        table.add_column("files", justify="right", no_wrap=True)
    table.add_column("wasted", justify="right", no_wrap=True)
    table.add_column("instruction", no_wrap=True, overflow="ellipsis", ratio=1)
    table.expand = True
    return table


def _draw_row(page: Page, result: AuditResult, layer: AuditedLayer, *, scale: int, is_wide: bool) -> list[Text | str]:
    symbols = page.symbols
    weight = result.weight.layers[layer.index]
    bar = draw_bar(
        weight.visible, weight.wasted, scale=scale, width=WIDE_BAR if is_wide else NARROW_BAR, symbols=symbols
    )
    stored: list[Text | str] = [_tell_stored(page, layer)] if is_wide else []
    sums = _draw_sums(page, result, layer, bar) if layer.is_whole else _draw_unknown(page)
    size, *details, wasted = sums
    return [
        str(layer.index),
        Text(*mark_layer(layer, symbols)),
        *stored,
        size,
        *(() if page.is_narrow else details),
        wasted,
        Text(tell_instruction(layer.step), "muted" if layer.origin == "base" else "instruction"),
    ]


def _draw_sums(page: Page, result: AuditResult, layer: AuditedLayer, bar: Text) -> list[Text | str]:
    """Size, bar, share, files and waste; what a partly read layer above may change is told as a lower bound."""
    weight, dash = result.weight.layers[layer.index], Text(page.symbols.dash, "muted")
    is_final = all(above.is_whole for above in result.layers[layer.index :])
    return [
        tell_size(weight.total),
        bar,
        format_share(weight.total, result.weight.total) if result.is_whole else dash,
        f"{_count_files(layer):,}",
        Text(mark_sum(tell_size(weight.wasted), page.symbols, is_whole=is_final), "wasted") if weight.wasted else dash,
    ]


def _draw_unknown(page: Page) -> list[Text | str]:
    """The same of a layer that was not read to its end."""
    dash = Text(page.symbols.dash, "muted")
    return [dash, "", dash, dash, dash]


def _count_files(layer: AuditedLayer) -> int:
    return layer.scan.index.types.count(EntryType.FILE) if layer.scan else 0


def _tell_stored(page: Page, layer: AuditedLayer) -> Text:
    return Text(page.symbols.dash, "muted") if layer.size is None else Text(tell_size(layer.size))


def _explain_bar(page: Page, result: AuditResult) -> str:
    if result.weight.total == result.weight.visible:
        return ""
    return f"{page.symbols.kept} in the container  {page.symbols.wasted} shipped and not seen"
