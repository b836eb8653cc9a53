"""Things by name with their values before and after: side by side where that fits, else one below the other."""

from collections.abc import Sequence
from typing import Final

from rich.text import Text

from layerscope.diff.change import Change
from layerscope.report.diff import words
from layerscope.report.escape import escape_line, measure
from layerscope.report.terminal.page import Page, start_table

SIGN_STYLES: Final = {Change.ADDED: "added", Change.REMOVED: "removed", Change.CHANGED: "changed"}

Row = tuple[Change, str, str, str, str]
"""What became of a thing, its name, its values before and after, and where it is, if that has to be said."""

_HEADS: Final = ("before", "after")
_GAP: Final = 2
_INDENT: Final = 1
_SIGN: Final = 2
"""Columns of a sign and the space behind it."""


def draw_values(page: Page, title: str, rows: Sequence[Row], *, note: str = "") -> None:
    """Draw a section, up to the limit of rows; nothing where there is nothing to tell."""
    if not rows and not note:
        return
    page.add_heading(title, f"{len(rows):,} {note}".strip() if rows else note)
    shown = [_escape(row) for row in rows[: page.context.limit]]
    if not shown:
        return
    if _measure_table(shown) <= page.width - _INDENT:
        _draw_table(page, shown)
    else:
        _draw_list(page, shown)
    draw_rest(page, len(rows))


def draw_rest(page: Page, count: int, *, shown: int | None = None) -> None:
    """Say how many there are beyond the limit, or beyond those that are shown."""
    shown = page.context.limit if shown is None else shown
    if shown is not None and count > shown:
        page.add_line((f"and {count - shown:,} more (--limit 0 for all)", "muted"), indent=_INDENT)


def tell_sign(change: Change) -> Text:
    """The sign of what became of a thing, in its colour."""
    return Text(words.SIGNS[change], SIGN_STYLES[change])


def _escape(row: Row) -> Row:
    change, name, before, after, place = row
    return change, escape_line(name), escape_line(before), escape_line(after), escape_line(place)


def _measure_table(rows: Sequence[Row]) -> int:
    """The columns that the rows take side by side."""
    return 1 + sum(_GAP + max(*map(measure, column), len(_HEADS[0])) for column in list(zip(*rows, strict=True))[1:])


def _draw_table(page: Page, rows: Sequence[Row]) -> None:
    table = start_table()
    for name in ("", "", *_HEADS):
        table.add_column(name, no_wrap=True)
    has_places = any(place for *_, place in rows)
    if has_places:
        table.add_column("in", no_wrap=True)
    for change, *cells in rows:
        table.add_row(tell_sign(change), *map(Text, cells if has_places else cells[:-1]))
    page.add(table, indent=_INDENT)


def _draw_list(page: Page, rows: Sequence[Row]) -> None:
    """A line for each, or more where values are long; a name that is long itself may have a line of its own."""
    room = page.width - _INDENT - _SIGN
    names = [f"{name} in {place}" if place else name for _, name, _, _, place in rows]
    column = max((measure(name) for name in names if measure(name) <= room // 2), default=0)
    for (change, _, before, after, _), name in zip(rows, names, strict=True):
        value = _tell_value(page, change, before, after, width=room - max(column, measure(name)) - _GAP)
        if measure(name) <= column or value.plain.count("\n") == 0:
            _draw_entry(page, tell_sign(change), Text(name), value, column=max(column, measure(name)))
            continue
        page.add_whole((f"{words.SIGNS[change]} ", SIGN_STYLES[change]), name, indent=_INDENT)
        value = _tell_value(page, change, before, after, width=room - column - _GAP)
        _draw_entry(page, Text(), Text(), value, column=column)


def _tell_value(page: Page, change: Change, before: str, after: str, *, width: int) -> Text:
    """A value, or both, on one line where they fit it."""
    if change is not Change.CHANGED:
        return Text(before or after)
    arrow = page.symbols.arrow
    line = f"{before} {arrow} {after}"
    return Text(line if measure(line) <= width else f"{before}\n{arrow} {after}")


def _draw_entry(page: Page, sign: Text, name: Text, value: Text, *, column: int) -> None:
    lead = Text.assemble(sign, " " * (_SIGN - sign.cell_len), name, " " * (column + _GAP - name.cell_len))
    page.add_whole(lead, value, indent=_INDENT)
