"""The layers with their digests, told apart, and what each holds."""

from collections.abc import Sequence

from rich.text import Text

from layerscope.audit.result import AuditedLayer
from layerscope.filesystem.weight import Weight
from layerscope.image.image import Image
from layerscope.layers.index import LayerIndex
from layerscope.layers.scan import Proof
from layerscope.report.columns import align_rows
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, measure, shorten
from layerscope.report.instruction import tell_instruction
from layerscope.report.json_parts import build_image, build_layers, head_document
from layerscope.report.json_text import encode_json
from layerscope.report.places import tell_reference
from layerscope.report.terminal.layer_mark import is_damaged, mark_layer
from layerscope.report.terminal.page import Page
from layerscope.report.units import mark_sum
from layerscope.report.wrapped import wrap_words
from layerscope.rules.wording import tell_count, tell_size

HEADINGS = ("#", "", "DiffID", "ChainID", "digest", "stored", "size", "entries")
SIDES = "rllllrrr"
_KEPT = (0, 1, 2, 5, 6)
"""Columns that stay side by side on a page that is too narrow for all."""
_MOVED = (3, 4, 7)
_TIE = "\N{NO-BREAK SPACE}"
WIDE_PAGE = 120
"""Columns from which on the instruction stands in the same line."""


def render_layers_text(image: Image, layers: Sequence[AuditedLayer], context: RenderContext) -> str:
    """A table of layers, lowest first; digests by their first twelve digits."""
    page = Page(context)
    page.add_line(
        (escape_line(tell_reference(image.reference)), "path"), (f"  {tell_count(len(layers), 'layer')}", "muted")
    )
    page.add_blank()
    rows = [HEADINGS, *(_draw_row(page, layer) for layer in layers)]
    lines = align_rows(rows, SIDES)
    is_wide, is_narrow = page.width >= WIDE_PAGE, max(map(measure, lines)) > page.width
    if is_narrow:
        lines = align_rows(
            [[row[column] for column in _KEPT] for row in rows], "".join(SIDES[column] for column in _KEPT)
        )
    page.add(Text(lines[0] + ("  instruction" if is_wide else ""), "label"))
    width = max(map(len, lines))
    for line, layer, row in zip(lines[1:], layers, rows[1:], strict=True):
        instruction = tell_instruction(layer.step)
        if is_wide:
            room = page.width - width - 2
            page.add(Text(f"{line.ljust(width)}  {shorten(instruction, room, ellipsis=page.symbols.ellipsis)}"))
        else:
            page.add(Text(line))
            if is_narrow:
                page.add(Text(_tell_moved(row, page.width - 6), "muted"), indent=6)
            page.add(Text(shorten(instruction, page.width - 6, ellipsis=page.symbols.ellipsis), "muted"), indent=6)
    for line in (*_explain_marks(page, layers), *_tell_vouched(layers)):
        page.add_blank()
        page.add_line((line, "muted"))
    return page.read()


def render_layers_json(image: Image, layers: Sequence[AuditedLayer], weight: Weight) -> str:
    """The same with whole digests, under the keys of the report."""
    return encode_json(
        {
            **head_document(),
            "image": build_image(image, layers, None),
            "layers": build_layers(layers, weight),
        }
    )


def _tell_moved(row: Sequence[str], room: int) -> str:
    """The other columns, each in one piece with its heading."""
    pieces = (f"{HEADINGS[column]}{_TIE}{row[column]}" for column in _MOVED)
    return wrap_words(", ".join(pieces), room).replace(_TIE, " ")


def _draw_row(page: Page, layer: AuditedLayer) -> tuple[str, ...]:
    dash = page.symbols.dash
    index = layer.scan.index if layer.scan and layer.is_listed else None
    return (
        str(layer.index),
        mark_layer(layer, page.symbols)[0],
        layer.diff_id.short,
        layer.chain_id.short,
        layer.digest.short if layer.digest else dash,
        dash if layer.size is None else tell_size(layer.size),
        _tell_unpacked(page, layer, index) if index is not None else dash,
        f"{len(index):,}" if index is not None else dash,
    )


def _tell_unpacked(page: Page, layer: AuditedLayer, index: LayerIndex) -> str:
    """Bytes of the layer's tar; at least those of its files, where only its table of contents tells of them."""
    if layer.is_whole:
        return tell_size(index.uncompressed_size)
    return mark_sum(tell_size(sum(index.sizes)), page.symbols, is_whole=False)


def _tell_vouched(layers: Sequence[AuditedLayer]) -> list[str]:
    vouched = sum(layer.scan is not None and layer.scan.proof is Proof.CACHED for layer in layers)
    if not vouched:
        return []
    return [f"{tell_count(vouched, 'layer')} read earlier, not now (--no-cache-read reads all)"]


def _explain_marks(page: Page, layers: Sequence[AuditedLayer]) -> list[str]:
    marks = {mark_layer(layer, page.symbols)[0] for layer in layers}
    is_told = all(layer.verified or is_damaged(layer) or layer.is_listed for layer in layers)
    meanings = {
        page.symbols.bad: "is not what its digest says, or cannot be read; layerscope audit says why",
        page.symbols.doubt: "is told from its table of contents; nothing else was read"
        if is_told
        else "could not be checked",
    }
    return [f"{mark} {meaning}" for mark, meaning in meanings.items() if mark in marks]
