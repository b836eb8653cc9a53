"""The verdict: is the image what its digests say, what was found, and which image this is."""

from collections import Counter

from rich.table import Table
from rich.text import Text

from layerscope.audit.result import AuditResult
from layerscope.layers.scan import Proof
from layerscope.report.damage import LAYERS, Flaw, find_flaw, list_damaged
from layerscope.report.escape import escape_line
from layerscope.report.terminal.gpu_verdict_line import tell_gpus
from layerscope.report.terminal.image_fields import add_identity
from layerscope.report.terminal.page import Page, start_fields
from layerscope.report.terminal.probe_section import tell_probe
from layerscope.report.terminal.slashed import Slashed
from layerscope.report.terminal.stack_line import tell_stack
from layerscope.report.units import format_share, mark_sum
from layerscope.rules.wording import tell_count, tell_size

SHOWN_LAYERS = 6
"""Layers that the verdict names; the table marks them all."""

Part = str | tuple[str, str]

_PROOFS = {
    Proof.READ: "read now",
    Proof.UNCHANGED: "unchanged since they were read",
    Proof.CACHED: "known from the cache",
    Proof.TABLE: "told from tables of contents",
    Proof.NONE: "not proved",
}


def draw_verdict(page: Page, result: AuditResult) -> None:
    """Draw the verdict: a line on the bytes, on GPUs and on the probe if there are such, and on what was found."""
    for word, *told in list_verdicts(page, result):
        page.add(_hang(word, *told))


def list_verdicts(page: Page, result: AuditResult) -> list[tuple[tuple[str, str], *tuple[Part, ...]]]:
    """The lines of the verdict: a word with its style, and what is told beside it."""
    lines: list[tuple[tuple[str, str], *tuple[Part, ...]]] = [_judge_bytes(page, result), *tell_gpus(page, result)]
    if probe := tell_probe(page, result):
        lines.append(probe)
    return [*lines, _judge_findings(page, result)]


def draw_image(page: Page, result: AuditResult) -> None:
    """Draw which image this is: name, platform, the three digests, size, waste, and how it was read."""
    fields = start_fields()
    add_identity(fields, result.image)
    if stack := tell_stack(page, result):
        fields.add_row("stack", stack)
    for name, told in list_measures(page, result):
        fields.add_row(name, told)
    page.add_blank()
    page.add(fields)


def list_measures(page: Page, result: AuditResult) -> list[tuple[str, str | Text]]:
    """What the image weighs and wastes, what it builds on, and how it was read, by name."""
    rows: list[tuple[str, str | Text]] = [("size", f" {page.symbols.dot} ".join(_tell_size(page, result)))]
    rows.append(("waste", _tell_waste(page, result)))
    if result.base is not None:
        layers = tell_count(result.base.layers, "layer")
        rows.append(("base", f"{escape_line(result.base.reference)} ({layers}, by {result.base.evidence})"))
    rows.append(("read", _tell_reading(page, result)))
    return [*rows, *(("note", escape_line(note)) for note in result.image.notes)]


def _hang(word: tuple[str, str], *told: Part) -> Table:
    """A word and what goes on below itself beside it."""
    table = Table.grid()
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_row(Text(*word), Slashed(Text.assemble(*told)))
    return table


def _judge_bytes(page: Page, result: AuditResult) -> tuple[tuple[str, str], str]:
    symbols = page.symbols
    if not result.is_intact:
        damaged, flaw = list_damaged(result), find_flaw(result)
        where = _name_layers(damaged, result, symbols.ellipsis) if damaged else "the image"
        word = "UNREAD" if flaw is Flaw.LIMITED else "DAMAGED"
        return _word(symbols.bad, word, "bad"), f"{where} {LAYERS[flaw][len(damaged) > 1]}"
    unproved = [layer.index for layer in result.layers if not layer.verified]
    if unproved:
        told = (
            f"{_name_layers(unproved, result, symbols.ellipsis)} {'is' if len(unproved) == 1 else 'are'} not proved, "
            "every other byte is what its digest says"
        )
        return _word(symbols.doubt, "UNPROVED", "doubt"), told
    return _word(symbols.good, "INTACT", "good"), _tell_intact(result)


def _tell_intact(result: AuditResult) -> str:
    """What was proved, and what only an earlier reading proved of layers that their engine keeps unpacked."""
    if not result.layers:
        return "the image has no layers"
    layers = tell_count(len(result.layers), "layer")
    vouched = sum(layer.scan is not None and layer.scan.proof is Proof.CACHED for layer in result.layers)
    if not vouched:
        return f"every byte of {layers} is what its digest says"
    which = "" if vouched == len(result.layers) else f"{vouched} of them "
    return f"{layers} as their digests say, {which}by an earlier reading"


def _name_layers(layers: list[int], result: AuditResult, ellipsis: str) -> str:
    """Layers by number: `layer 2 of 5`, `layers 2, 3 of 5`."""
    shown = layers if len(layers) <= SHOWN_LAYERS + 1 else layers[:SHOWN_LAYERS]  # what hides one saves nothing
    numbers = ", ".join(map(str, shown)) + (f", {ellipsis}" if len(shown) < len(layers) else "")
    return f"{'layer' if len(layers) == 1 else 'layers'} {numbers} of {len(result.layers)}"


def _judge_findings(page: Page, result: AuditResult) -> tuple[tuple[str, str], *tuple[Part, ...]]:
    symbols = page.symbols
    failed = page.context.exit_code != 0
    word = _word(symbols.bad, "FAILED", "bad") if failed else _word(symbols.good, "PASSED", "good")
    counts = Counter(finding.severity for finding in result.findings)
    ignored = f"{tell_count(result.ignored, 'finding')} of the base image left out" if result.ignored else ""
    if not counts:
        return word, f"nothing found{f', {ignored}' if ignored else ''}"
    parts: list[Part] = []
    for severity in sorted(counts, reverse=True):
        parts += [(f"{symbols.severity(severity)} {counts[severity]:,} {severity}", str(severity)), "  "]
    threshold = page.context.fail_on
    parts.append((f"--fail-on {'never' if threshold is None else threshold}", "muted"))
    if ignored:
        parts.append((f"  {symbols.dot} {ignored}", "muted"))
    return word, *parts


def _word(symbol: str, word: str, style: str) -> tuple[str, str]:
    """One of the words that a person looks for, padded so that what follows is aligned."""
    return f"{symbol} {word:<9}", style


def _tell_size(page: Page, result: AuditResult) -> list[str]:
    stored = [layer.size for layer in result.layers]
    unpacked = sum(layer.scan.index.uncompressed_size for layer in result.layers if layer.scan)
    entries = sum(len(layer.scan.index) for layer in result.layers if layer.scan)
    is_known = result.is_whole or entries > 0
    sizes = [] if None in stored else [f"{tell_size(sum(size or 0 for size in stored))} stored"]
    return [
        *sizes,
        *([mark_sum(f"{tell_size(unpacked)} unpacked", page.symbols, is_whole=result.is_whole)] if is_known else []),
        tell_count(len(result.layers), "layer"),
        *(
            [mark_sum(tell_count(entries, "entry", "entries"), page.symbols, is_whole=result.is_whole)]
            if is_known
            else []
        ),
    ]


def _tell_waste(page: Page, result: AuditResult) -> Text:
    weight, is_whole = result.weight, result.is_whole
    if not is_whole and not weight.wasted:
        return Text(f"{page.symbols.dash} unknown, since not every layer could be read whole", "muted")
    size = mark_sum(tell_size(weight.wasted), page.symbols, is_whole=is_whole)
    share = f" ({format_share(weight.wasted, weight.total)})" if is_whole else ""
    more = (
        f"efficiency {100 * weight.efficiency:.1f}% (dive's score)"
        if is_whole
        else "not every layer could be read whole"
    )
    return Text.assemble(
        (size, "wasted" if weight.wasted else ""), f"{share} shipped and not seen {page.symbols.dot} {more}"
    )


def _tell_reading(page: Page, result: AuditResult) -> str:
    proofs = Counter(layer.scan.proof for layer in result.layers if layer.scan)
    told = [f"{tell_count(proofs[proof], 'layer')} {words}" for proof, words in _PROOFS.items() if proofs[proof]]
    fetched = _count_fetched(result)
    if fetched is not None:
        told.append(f"{tell_size(fetched)} of layers fetched")
    return f" {page.symbols.dot} ".join([escape_line(result.image.source), *told])


def _count_fetched(result: AuditResult) -> int | None:
    """Bytes of layers that came over the network, each once; None where the image lies on this host."""
    fetched = {layer.digest: layer.fetched for layer in result.layers if layer.fetched is not None}
    return sum(fetched.values()) if fetched else None
