"""The tables of the page: layers, GPUs, and what could not be read."""

from collections.abc import Iterator
from typing import Final

from layerscope.audit.result import AuditedLayer, AuditResult
from layerscope.facts.cuda.gpu_verdict import GpuVerdict
from layerscope.filesystem.weight import LayerWeight
from layerscope.report.html.markup import Markup, element, join, write_line, write_section, write_table, write_text
from layerscope.report.instruction import tell_instruction
from layerscope.report.places import root_path
from layerscope.report.terminal.gpu_table import ORDER, STYLES, WORDS, find_blocked, tell_drivers, unblock
from layerscope.report.terminal.layer_mark import mark_layer
from layerscope.report.terminal.page import Page
from layerscope.rules.wording import tell_count, tell_size

MOST: Final = 5_000
"""Rows of a table; the JSON report has all."""
MOST_LIBRARIES: Final = 60
"""Libraries that are named for a GPU."""
_BAR: Final = 100
"""Units that the longest bar is wide."""


def write_layers(result: AuditResult, page: Page) -> Markup:
    """Every layer: what it weighs, what of that is wasted, what made it, and its digests."""
    scale = max((weight.total for weight in result.weight.layers), default=0)
    rows = [_write_layer(layer, result, scale, page) for layer in result.layers]
    head = (">layer", "proof", ">stored", ">files", "", ">wasted", "instruction")
    note = "stored as compressed; files as unpacked, and how much of that the container does not see"
    return write_section(
        "Layers", write_table("Layers, the lowest first", head, rows, name="layer-table"), name="layers", note=note
    )


def _write_layer(layer: AuditedLayer, result: AuditResult, scale: int, page: Page) -> Markup:
    weight, dash = result.weight.layers[layer.index], page.symbols.dash
    sign, style = mark_layer(layer, page.symbols)
    origin = f" ({layer.origin})" if layer.origin != "unknown" else ""
    digest = [f"digest {layer.digest}"] if layer.digest else []
    digests = (element("li", element("code", write_text(each))) for each in (*digest, f"diffID {layer.diff_id}"))
    cells = (
        _number(f"{layer.index}{origin}", data_layer=str(layer.index)),
        element("td", element("span", write_line(sign), class_=style), write_line(_tell_proof(layer))),
        _number(dash if layer.size is None else tell_size(layer.size)),
        _number(tell_size(weight.total) if layer.is_whole else dash),
        element("td", _draw_bar(weight, scale) if layer.is_whole else Markup("")),
        _number(tell_size(weight.wasted) if weight.wasted else dash),
        element(
            "td",
            element("code", write_line(tell_instruction(layer.step)), class_="instruction"),
            element("details", element("summary", write_line("digests")), element("ul", *digests)),
        ),
    )
    return element("tr", *cells, id=f"layer-{layer.index}")


def _tell_proof(layer: AuditedLayer) -> str:
    return " proved" if layer.verified else " not proved"


def _number(text: str, **attributes: str) -> Markup:
    return element("td", write_line(text), class_="number", **attributes)


def _draw_bar(weight: LayerWeight, scale: int) -> Markup:
    """How much a layer holds beside the largest one, what is wasted behind what is seen; widths need no style."""
    kept = _BAR * weight.visible / scale if scale else 0.0
    lost = _BAR * weight.wasted / scale if scale else 0.0
    size = {"y": "0", "height": "8"}
    parts = (
        element("rect", x="0", width=f"{kept:.2f}", class_="kept", **size),
        element("rect", x=f"{kept:.2f}", width=f"{lost:.2f}", class_="lost", **size),
    )
    return element("svg", *parts, class_="bar", viewBox=f"0 0 {_BAR} 8", preserveAspectRatio="none", aria_hidden="true")


def write_gpus(result: AuditResult, page: Page) -> Markup:
    """On which GPUs the image computes, from which driver on, and why not where it does not."""
    if not result.gpus:
        return Markup("")
    is_asked = any(verdict.is_asked for verdict in result.gpus)
    blocked = None if is_asked else find_blocked(result.gpus)
    found = result.gpus if blocked is None else tuple(map(unblock, result.gpus))
    has_nodes = any(each.node for each in found)
    head = ("GPU", "capability", "verdict", "needs driver", "why", "libraries")
    rows = [
        _write_gpu(each, page, has_nodes=has_nodes)
        for each in sorted(found, key=lambda each: ORDER.index(each.verdict))[:MOST]
    ]
    table = write_table("GPUs, the best first", (*(("node",) if has_nodes else ()), *head), rows, name="gpu-table")
    note = f"judged from the image's files{', as asked' if is_asked else ''}"
    return write_section("GPUs", *_tell_blocked(blocked), table, name="gpus", note=note)


def _tell_blocked(blocked: GpuVerdict | None) -> Iterator[Markup]:
    """What keeps all of it from running, whatever the code could do."""
    if blocked is not None:
        told = "By its code alone, which counts for nothing as long as this holds: "
        yield element("p", write_line(told), element("strong", write_line(blocked.reason), class_="bad"))


def _write_gpu(verdict: GpuVerdict, page: Page, *, has_nodes: bool) -> Markup:
    word = element("strong", write_line(WORDS[verdict.verdict]), class_=STYLES[verdict.verdict])
    asked = f" with {verdict.driver}" if verdict.driver else ""
    cells = [element("td", write_line(f"{verdict.node} ({verdict.count:,})"))] if has_nodes else []
    cells += [
        element("th", write_line(verdict.name), scope="row"),
        element("td", write_line(verdict.compute_capability)),
        element("td", word, write_line(asked)),
        element("td", write_line(tell_drivers(page, verdict))),
        element("td", write_line(verdict.reason)),
        element("td", _write_libraries(verdict)),
    ]
    return element("tr", *cells)


def _write_libraries(verdict: GpuVerdict) -> Markup:
    """The libraries that decide, each with what it has for this GPU."""
    lines = [
        element(
            "li",
            element("code", write_text(root_path(library.path)), class_="path"),
            write_line(f" {WORDS[library.verdict]}{f' by {library.gives}' if library.gives else ''}"),
        )
        for library in verdict.libraries[:MOST_LIBRARIES]
    ]
    if not lines:
        return Markup("")
    summary = element("summary", write_line(tell_count(len(verdict.libraries), "library", "libraries")))
    return element("details", summary, element("ul", *lines, class_="places"))


def write_gaps(result: AuditResult) -> Markup:
    """What could not be read, so that silence is not taken for health."""
    if not result.gaps:
        return Markup("")
    return write_section("Not known", element("ul", *_iter_gaps(result)), name="gaps")


def _iter_gaps(result: AuditResult) -> Iterator[Markup]:
    gaps = sorted(result.gaps)
    for gap in gaps[:MOST]:
        where = join(Markup(" "), element("code", write_line(gap.where), class_="path")) if gap.where.strip() else ""
        yield element("li", write_line(gap.what), Markup(where), write_line(f": {gap.why}"))
    if len(gaps) > MOST:
        yield element("li", write_line(f"and {tell_count(len(gaps) - MOST, 'more gap')}"))
