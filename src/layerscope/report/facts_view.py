"""What an image contains, family by family, kind by kind: one row a fact, with its layer and its path."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.text import Text

from layerscope.audit.result import AuditResult
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, shorten
from layerscope.report.facts_json import build_family
from layerscope.report.gpu_json import build_gpu
from layerscope.report.json_format import build_facts
from layerscope.report.json_parts import build_image, head_document
from layerscope.report.json_text import encode_json
from layerscope.report.json_v1 import GapV1
from layerscope.report.terminal.gap_list import draw_gaps
from layerscope.report.terminal.gpu_table import draw_gpus
from layerscope.report.terminal.image_fields import add_identity
from layerscope.report.terminal.page import Page, start_fields, start_table
from layerscope.rules.wording import tell_count, tell_size

TITLES: Final = {"system": "System", "elf": "ELF", "python": "Python", "cuda": "CUDA"}
WIDEST_CELL: Final = 40
SIZES: Final = frozenset({"size", "bytes", "own_size"})
"""Fields that count bytes."""
PLACES: Final = ("path", "layer", "created_by", "origin", "detail", "instruction")
"""Fields that say where a fact was seen; path and layer have columns of their own, the last."""

Row = Mapping[str, Any]


def render_facts_text(
    result: AuditResult, context: RenderContext, *, families: Sequence[str], leaves_out_base: bool
) -> str:
    """The facts of these families as tables."""
    page = Page(context)
    fields = start_fields()
    add_identity(fields, result.image)
    page.add(fields)
    for family in families:
        kinds = build_family(result, family, leaves_out_base=leaves_out_base)
        page.add_heading(TITLES[family], "" if kinds else "nothing found")
        for kind, rows in kinds.items():
            _draw_kind(page, kind, rows)
    if "cuda" in families:
        draw_gpus(page, result)
    draw_gaps(page, result)
    return page.read()


def render_facts_json(result: AuditResult, *, families: Sequence[str], leaves_out_base: bool) -> str:
    """The same under the keys of the report."""
    return encode_json(
        {
            **head_document(),
            "image": build_image(result.image, result.layers, result.base),
            "facts": build_facts(result, families=families, leaves_out_base=leaves_out_base),
            "gpus": [build_gpu(verdict) for verdict in result.gpus] if "cuda" in families else [],
            "gaps": [GapV1(gap.what, gap.where, gap.why) for gap in sorted(result.gaps)],
        }
    )


def _draw_kind(page: Page, kind: str, rows: Sequence[Row]) -> None:
    page.add_blank()
    page.add_line((kind.replace("_", " "), "label"), (f"  {len(rows):,}", "muted"), indent=2)
    limit = page.context.limit
    shown = rows if limit is None else rows[:limit]
    columns = [name for name in _list_fields(rows) if any(_tell(name, row.get(name)) for row in shown)]
    table = start_table()
    for name in columns:
        is_number = all(isinstance(row.get(name), int) and not isinstance(row.get(name), bool) for row in shown)
        table.add_column(name.replace("_", " "), justify="right" if is_number else "left", overflow="fold")
    table.add_column("layer", justify="right", no_wrap=True)
    table.add_column("path", overflow="fold")
    for row in shown:
        layer, path = row.get("layer"), row.get("path")
        cells = [Text(_cut(page, _tell(name, row.get(name)))) for name in columns]
        mark = " (base)" if row.get("origin") == "base" else ""
        place = "" if layer is None else f"{layer}{mark}"
        table.add_row(*cells, place, Text(escape_line(str(path or "")), "path"))
    page.add(table, indent=2)
    if len(shown) < len(rows):
        more = tell_count(len(rows) - len(shown), "more")
        page.add_line((f"{page.symbols.ellipsis} {more} (--limit 0 shows all)", "muted"), indent=2)


def _list_fields(rows: Sequence[Row]) -> list[str]:
    return [name for name in rows[0] if name not in PLACES]


def _tell(name: str, value: Any) -> str:
    """A field's value in a few words; what is nothing, or too deep for a cell, is empty."""
    match value:
        case None | "" | [] | {} | False:
            return ""
        case True:
            return "yes"
        case int():
            return tell_size(value) if name in SIZES else f"{value:,}"
        case [*items] if all(isinstance(item, str | int) for item in items):
            return ", ".join(str(item) for item in items)
        case [*items]:
            return f"{len(items):,}"
        case dict():
            return ", ".join(f"{key}={item}" for key, item in value.items() if isinstance(item, str | int) and item)
        case _:
            return str(value)


def _cut(page: Page, text: str) -> str:
    return shorten(escape_line(text), WIDEST_CELL, ellipsis=page.symbols.ellipsis)
