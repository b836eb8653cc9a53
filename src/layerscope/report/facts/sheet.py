"""Sheet: the page that facts are drawn on, with the image that they are of: layers, paths and cut lists told alike."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from layerscope.audit.result import AuditResult
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.report.escape import escape_line, measure
from layerscope.report.facts_json import name_kind
from layerscope.report.origin import find_origin
from layerscope.report.places import root_path
from layerscope.report.terminal.page import Page, start_table
from layerscope.report.terminal.slashed import Slashed
from layerscope.rules.wording import tell_count

T = TypeVar("T")

INDENT: Final = 2
DEEP: Final = 4
_LEAST: Final = 16
"""Columns that a cell which goes on below itself has at least."""

Cell = RenderableType | str


class Sheet:
    """A page, the facts of one family, and the result that they come from."""

    def __init__(self, page: Page, result: AuditResult, facts: FactSet) -> None:
        """Take what is drawn on and what is drawn."""
        self.page = page
        self.result = result
        self.facts = facts

    def layer(self, number: int | None) -> str:
        """A layer in a column of its own: `1`, `0 (base)`; empty for the config."""
        return "" if number is None else f"{number}{self._mark(number)}"

    def in_layer(self, number: int | None) -> str:
        """A layer in a sentence: `layer 1`, `layer 0 (base)`."""
        return "the config" if number is None else f"layer {self.layer(number)}"

    def section(self, title: str, note: str = "") -> None:
        """Open a part of a family, below a free line."""
        self.page.add_blank()
        self.page.add_line((title, "label"), (f"  {note}" if note else "", "muted"), indent=INDENT)

    def note(self, text: str, *, indent: int = DEEP) -> None:
        """A remark that is not a fact of its own."""
        self.page.add_line((escape_line(text), "muted"), indent=indent)

    def path(self, *parts: Text | str | tuple[str, str], indent: int = DEEP) -> None:
        """Draw words and paths on lines of their own."""
        self.page.add(slashed(*parts), indent=indent)

    def cut(
        self, rows: Sequence[T], noun: str, plural: str | None = None, *, most: int | None = None
    ) -> tuple[Sequence[T], str]:
        """As many rows as the page shows, at `most` so many, and what is said of the others; nothing if there are none.

        Whoever asks for all rows gets all.
        """
        limit = self.page.context.limit
        if limit is not None and most is not None:
            limit = min(limit, most)
        if limit is None or len(rows) <= limit:
            return rows, ""
        many = len(rows) - limit
        more = tell_count(many, f"more {noun}", f"more {plural}" if plural else None)
        return rows[:limit], f"{self.page.symbols.ellipsis} {more} (--limit 0 shows all)"

    def table(
        self,
        columns: Iterable[str],
        rows: Sequence[T],
        tell: Callable[[T], Sequence[Cell]],
        *,
        noun: str,
        plural: str | None = None,
    ) -> None:
        """Rows under headings. `>` before a heading aligns right, `~` lets long cells go on below themselves.

        On a narrow page that is not wide enough for all cells, each row is a list of its headings and cells.
        """
        headings = tuple(columns)
        shown, more = self.cut(rows, noun, plural)
        cells = [tuple(tell(row)) for row in shown]
        if self.page.is_narrow and _find_width(headings, cells) > self.page.width - DEEP:
            self._draw_lists(headings, cells)
        else:
            self._draw_table(headings, cells)
        if more:
            self.note(more)

    def _draw_table(self, headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        table = start_table()
        for heading in headings:
            table.add_column(
                heading.lstrip("<>~"),
                justify="right" if heading.startswith(">") else "left",
                no_wrap=not heading.startswith("~"),
                overflow="fold",
            )
        for row in rows:
            table.add_row(*(Slashed(cell) if isinstance(cell, Text) else cell for cell in row))
        self.page.add(table, indent=DEEP)

    def _draw_lists(self, headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        for number, row in enumerate(rows):
            grid = start_grid()
            for heading, cell in zip(headings, row, strict=False):
                if str(cell):
                    grid.add_row(heading.lstrip("<>~"), Slashed(cell) if isinstance(cell, Text) else cell)
            if number:
                self.page.add_blank()
            self.page.add(grid, indent=DEEP)

    def rest(self, drawn: Iterable[type[Fact]]) -> None:
        """Name the kinds of fact that this view leaves to the JSON output, with their numbers."""
        known = set(drawn)
        counts: dict[type[Fact], int] = {}
        for fact in self.facts:
            if type(fact) not in known:
                counts[type(fact)] = counts.get(type(fact), 0) + 1
        if counts:
            told = ", ".join(f"{name_kind(kind).replace('_', ' ')} ({count:,})" for kind, count in counts.items())
            self.page.add_blank()
            self.page.add_line(("with -o json also: ", "muted"), (told, "muted"), indent=INDENT)

    def _mark(self, number: int) -> str:
        layers = self.result.layers
        return " (base)" if number < len(layers) and find_origin([layers[number]]) == "base" else ""


def _find_width(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> int:
    """Columns that a table takes whose cells go on below themselves only where they may, and not in too few columns."""
    widths = []
    for heading, *cells in zip(headings, *rows, strict=False):
        width = max(measure(heading.lstrip("<>~")), *(measure(str(cell)) for cell in cells), 0)
        widths.append(min(width, _LEAST) if heading.startswith("~") else width)
    return sum(widths) + 2 * (len(widths) - 1)


def slashed(*parts: Text | str | tuple[str, str]) -> Slashed:
    """Words and paths as one text that breaks after slashes."""
    return Slashed(Text.assemble(*parts))


def tell_path(path: str | None) -> Text:
    """A path from the root, in the style of paths; nothing for none."""
    return Text("" if path is None else escape_line(root_path(path)), "path", overflow="fold")


def tell(text: str, style: str = "") -> Text:
    """Text of the image, made safe."""
    return Text(escape_line(text), style)


def start_grid() -> Table:
    """Two columns without headings: labels, and what is said of each."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="label", no_wrap=True)
    grid.add_column(overflow="fold")
    return grid
