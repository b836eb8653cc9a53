"""A comparison on a terminal: what to know first, and below it everything that it rests on, most important first."""

from collections import Counter
from collections.abc import Iterable
from heapq import nsmallest

from rich.text import Text

from layerscope.audit.image_diff import ImageDiff
from layerscope.diff.change import Change
from layerscope.diff.digest_cause import DigestAnswer
from layerscope.diff.risk import RiskLevel
from layerscope.report.context import RenderContext
from layerscope.report.diff import words
from layerscope.report.diff.history_words import iter_step_lines
from layerscope.report.diff.layer_rows import LayerRow, list_layer_rows
from layerscope.report.diff.linking_words import tell_link_change
from layerscope.report.diff.value_table import SIGN_STYLES, Row, draw_rest, draw_values, tell_sign
from layerscope.report.escape import escape_but_tabs, escape_line, escape_text, measure
from layerscope.report.instruction import tell_instruction
from layerscope.report.places import root_path, tell_reference
from layerscope.report.terminal.page import Page, start_table
from layerscope.rules.wording import shorten, tell_count, tell_size

_STYLES = {RiskLevel.BREAKS: "bad", RiskLevel.RISKY: "changed", RiskLevel.NOTE: "muted"}
_LINE_STYLES = {"+": "added", "-": "removed", "~": "changed", "@": "muted"}

RISKS = 20
"""Risks that are told, at least."""

DETAILS = 3
"""Keys, layers or paths behind a cause of the digest that are told here; more are in the sections below."""

CAUSES = 5
"""What brought bytes that is told on the first screen."""

LINES = 4
"""Lines of a file's contents for each row of a list."""

_BEFORE_LINE = "   "
"""What stands before a line of a file: what a terminal wraps begins at its edge, where no line has its sign."""

_LABEL = 7
"""Columns of what says which image it is."""

_SIZE_HEAD = "size"

_RISK_FRAME = 5
"""Columns that a risk takes beside its text and its detail: indentation, sign, and what is between the two."""


def render_diff_text(difference: ImageDiff, context: RenderContext) -> str:
    """The comparison as text."""
    page = Page(context)
    _draw_head(page, difference)
    _draw_risks(page, difference)
    draw_values(page, "Packages", words.list_packages(difference))
    _draw_sizes(page, difference)
    _draw_same(page, difference)
    _draw_digest(page, difference)
    draw_values(page, "Characteristics", _list_traits(difference))
    draw_values(page, "GPUs", _list_gpus(difference))
    _draw_findings(page, difference)
    _draw_layers(page, difference)
    _draw_config(page, difference)
    _draw_history(page, difference)
    _draw_linking(page, difference)
    _draw_files(page, difference)
    _draw_contents(page, difference)
    return page.read()


def _draw_head(page: Page, difference: ImageDiff) -> None:
    """Both images, what is wrong with their bytes, and the outcome."""
    for label, result in (("before", difference.before), ("after", difference.after)):
        name = escape_line(tell_reference(result.image.reference))
        page.add_whole((f"{label:<{_LABEL}}", "label"), f"{name}  {words.tell_weight(result)}")
        for note in result.image.notes:
            page.add_whole(" " * _LABEL, (escape_line(note), "muted"))
        for doubt in words.list_doubts(result):
            page.add_whole(" " * _LABEL, (f"{page.symbols.bad} ", "bad"), escape_line(doubt))
    is_sound = difference.is_same and difference.is_whole
    style, symbol = ("good", page.symbols.good) if is_sound else ("changed", "~")
    page.add_item((f"{symbol} ", style), words.tell_verdict(difference))
    if left := words.tell_left_out(difference):
        page.add_item(("left out  ", "label"), left)
    for note in words.list_path_notes(difference):
        page.add_whole(("note  ", "label"), escape_line(note))


def _draw_digest(page: Page, difference: ImageDiff) -> None:
    """Why the digest is another one: each cause, with what it comes to where that is little."""
    told = "; ".join(map(_tell_cause, difference.digest_causes))
    if told:
        page.add_blank()
        page.add_whole(("the digest differs by  ", "label"), escape_text(told))


def _tell_cause(answer: DigestAnswer) -> str:
    if not answer.count:
        return str(answer.cause)
    return (
        f"{answer.cause}: {', '.join(answer.details)}"
        if answer.count <= DETAILS
        else f"{answer.cause} ({answer.count:,})"
    )


def _draw_risks(page: Page, difference: ImageDiff) -> None:
    risks = words.list_told(difference.risks)
    if not risks:
        return
    page.add_heading("To know first")
    shown = page.context.limit and max(page.context.limit, RISKS)
    for risk in risks[:shown]:
        symbol = page.symbols.bad if risk.level is RiskLevel.BREAKS else page.symbols.dash
        text, detail = escape_line(shorten(risk.text)), escape_line(words.tell_detail(risk))
        fits = measure(text) + measure(detail) + _RISK_FRAME <= page.width
        told = ("  " if fits else "\n") + detail if detail else ""
        page.add_whole((f"{symbol} ", _STYLES[risk.level]), text, (told, "muted"), indent=1)
    draw_rest(page, len(risks), shown=shown)


def _draw_same(page: Page, difference: ImageDiff) -> None:
    """What stayed as it was, of what a release engineer asks about."""
    same = words.list_same(difference)
    if same and not difference.is_same:
        page.add_blank()
        page.add_item(("the same  ", "label"), ", ".join(same))


def _list_traits(difference: ImageDiff) -> list[Row]:
    return [(each.change, each.name, each.before or "", each.after or "", "") for each in difference.traits]


def _list_gpus(difference: ImageDiff) -> list[Row]:
    return [(Change.CHANGED, *words.tell_gpu_change(each), "") for each in difference.gpus]


def _draw_config(page: Page, difference: ImageDiff) -> None:
    """The keys that differ; of those that the builder writes anew each time their number, unless all are asked for."""
    changed, written = words.split_config(difference)
    note = words.tell_written(written)
    if written and page.context.limit is None:
        changed, note = [*changed, *written], f"with {note}"
    elif written and changed:
        note = f"and {note}"
    rows: list[Row] = [
        (each.change, each.name, shorten(each.before or ""), shorten(each.after or ""), "") for each in changed
    ]
    draw_values(page, "Config", rows, note=note)


def _draw_findings(page: Page, difference: ImageDiff) -> None:
    found = difference.findings
    if not found.count:
        return
    page.add_heading("Findings", words.count_findings(difference))
    limit = page.context.limit
    lesser = tuple(each.finding for each in found.lesser)
    for sign, style, findings in (("+", "bad", found.new), ("-", "good", found.fixed), ("~", "muted", lesser)):
        for finding in findings[:limit]:
            severity = f"{words.tell_severity(finding, difference)}: "
            lead, message = (f"{sign} ", style), escape_text(finding.message)
            page.add_whole(lead, (f"{finding.code} ", style), (severity, "muted"), message, indent=1)
        draw_rest(page, len(findings))


def _draw_sizes(page: Page, difference: ImageDiff) -> None:
    if not difference.sizes:
        return
    page.add_heading("Size", words.tell_whole_growth(difference))
    shown = page.context.limit and min(page.context.limit, CAUSES)
    width = max(len(words.tell_growth(each.growth)) for each in difference.sizes[:shown])
    for each in difference.sizes[:shown]:
        style = "wasted" if each.growth > 0 else "kept"
        lead = (f"{words.tell_growth(each.growth):>{width}}  ", style)
        page.add_whole(lead, escape_text(words.tell_size_cause(each)), indent=1)
    draw_rest(page, len(difference.sizes), shown=shown)


def _draw_layers(page: Page, difference: ImageDiff) -> None:
    rows = list_layer_rows(difference)
    changed = [row for row in rows if not row.is_shared]
    if not changed:
        return
    page.add_heading("Layers", f"{len(rows) - len(changed):,} shared")
    table = start_table()
    for name in ("before", "after", "size", ""):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("instruction", no_wrap=True, overflow="ellipsis", ratio=1)
    table.expand = True
    for row in changed[: page.context.limit]:
        table.add_row(*_tell_layer(row, page.symbols.dash))
    page.add(table, indent=1)
    draw_rest(page, len(changed))


def _tell_layer(row: LayerRow, dash: str) -> Iterable[Text | str]:
    numbers = (dash if number is None else str(number) for number in (row.before, row.after))
    size = dash if row.layer.size is None else tell_size(row.layer.size)
    return (*numbers, size, row.fate, Text(escape_line(tell_instruction(row.layer.step))))


def _draw_history(page: Page, difference: ImageDiff) -> None:
    if not difference.history:
        return
    page.add_heading("History")
    lines = list(iter_step_lines(difference))
    for line in lines[: page.context.limit]:
        detail = f"  {line.place}{'; ' if line.detail else ''}{line.detail}"
        sign = f"{words.SIGNS[line.change]} "
        page.add_whole((sign, SIGN_STYLES[line.change]), line.instruction, (detail, "muted"), indent=1)
    draw_rest(page, len(lines))


def _draw_linking(page: Page, difference: ImageDiff) -> None:
    """The executables and libraries that link otherwise."""
    if not difference.linking:
        return
    page.add_heading("Linking", f"{len(difference.linking):,}")
    for each in difference.linking[: page.context.limit]:
        told = escape_line(shorten(tell_link_change(each)))
        page.add_whole("", (escape_line(root_path(each.path)), "path"), indent=1)
        page.add_whole("", told, indent=3)
    draw_rest(page, len(difference.linking))


def _draw_files(page: Page, difference: ImageDiff) -> None:
    files = difference.files
    if not files:
        return
    counts = Counter(each.change for each in files)
    page.add_heading("Files", ", ".join(f"{counts[kind]:,} {kind}" for kind in Change))
    limit = page.context.limit
    shown = files if limit is None else nsmallest(limit, files, key=lambda each: (-abs(each.growth), each.path))
    told = [words.tell_growth(each.growth) if each.growth else "" for each in shown]
    width = max(measure(_SIZE_HEAD), *map(measure, told))
    page.add_line((f"   {_SIZE_HEAD:>{width}}  path", "label"), indent=1)
    for each, growth in zip(shown, told, strict=True):
        lead = Text.assemble(tell_sign(each.change), f"  {growth:>{width}}  ")
        aspects = f"  {escape_line(words.tell_file(each))}" if each.change is Change.CHANGED else ""
        page.add_whole(lead, escape_line(root_path(each.path)), (aspects, "muted"), indent=1)
    draw_rest(page, len(files))


def _draw_contents(page: Page, difference: ImageDiff) -> None:
    """What differs inside of the files, where that was asked for; the lines as they are, of which a path is none."""
    contents = words.list_contents(difference)
    if not contents:
        return
    page.add_heading("Contents", tell_count(len(contents), "file"))
    limit = page.context.limit
    for path, content in contents[:limit]:
        told = (f"  {words.tell_content(content)}", "muted")
        page.add_whole("", (escape_line(root_path(path)), "path"), told, indent=1)
        lines = content.lines if limit is None else content.lines[: limit * LINES]
        for line in lines:
            page.add_file_line(f"{_BEFORE_LINE}{escape_but_tabs(line)}", _LINE_STYLES.get(line[:1], "default"))
        if len(content.lines) > len(lines):
            page.add_line((f"and {len(content.lines) - len(lines):,} more (--limit 0 for all)", "muted"), indent=3)
    if limit is not None and len(contents) > limit:
        more = tell_count(len(contents) - limit, "more file")
        page.add_line((f"and {more} (--limit 0 for all)", "muted"), indent=1)
