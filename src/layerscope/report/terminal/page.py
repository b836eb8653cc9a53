"""Page: what is drawn on, one renderable after the other, and read back as text."""

import io
import re
from typing import Final

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from layerscope.report.context import RenderContext
from layerscope.report.escape import measure
from layerscope.report.terminal.slashed import Slashed, find_breaks
from layerscope.report.theme import ASCII, STYLES, UNICODE, Symbols, choose_symbols

_TRAILING_SPACE: Final = re.compile(r" +$", re.MULTILINE)
_LEAST_ROOM: Final = 16
"""Columns that words have at least behind what leads them."""
_CUT: Final = str.maketrans({UNICODE.ellipsis: ASCII.ellipsis})


class Page:
    """A page as wide as the context says, in the project's colours or in none.

    The environment of the host plays no part, and no text is read as markup.
    """

    def __init__(self, context: RenderContext) -> None:
        """Start an empty page."""
        self.context = context
        self.symbols: Symbols = choose_symbols(unicode=context.unicode)
        # A cut is three columns wide in ASCII and one where rich makes it.
        self.width = context.width if context.unicode else context.width - len(ASCII.ellipsis) + 1
        self.is_narrow = context.is_narrow
        self._file = io.StringIO()
        self._parts: list[str] = []
        self._console = Console(
            file=self._file,
            width=self.width,
            color_system="standard" if context.color else None,
            force_terminal=context.color,
            force_jupyter=False,
            no_color=not context.color,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            theme=Theme(STYLES, inherit=False),
            _environ={},
        )

    def add(self, content: RenderableType, *, indent: int = 0) -> None:
        """Draw a renderable below what is there."""
        self._console.print(Padding(content, (0, 0, 0, indent)) if indent else content, soft_wrap=False)

    def add_line(self, *parts: str | tuple[str, str] | Text, indent: int = 0) -> None:
        """Draw words on lines of their own, each with its style where it has one; long ones wrap."""
        self.add(Text.assemble(*parts, overflow="fold"), indent=indent)

    def add_item(
        self, lead: str | tuple[str, str] | Text, *parts: str | tuple[str, str] | Text, indent: int = 0
    ) -> None:
        """Draw words behind what leads them; long ones go on below the first of them, and paths break at a slash."""
        words = Slashed(Text.assemble(*parts))
        if not lead:
            self.add(words, indent=indent)
            return
        item = Table.grid()
        item.add_column(no_wrap=True)
        item.add_column()
        item.add_row(Text.assemble(lead), words)
        self.add(item, indent=indent)

    def add_whole(
        self, lead: str | tuple[str, str] | Text, *parts: str | tuple[str, str] | Text, indent: int = 0
    ) -> None:
        """Draw an item of which a terminal alone breaks the paths: elsewhere they are searched for and copied."""
        before = Text.assemble(" " * indent, lead)
        room = max(self.width - before.cell_len, _LEAST_ROOM)
        for line in Text.assemble(*parts).split(allow_blank=True):
            for part in line.divide(find_breaks(line.plain, room, keeps_words=not self.context.is_terminal)):
                part.rstrip()
                self._console.print(Text.assemble(before, part), soft_wrap=True)
                before = Text(" " * before.cell_len)

    def add_command(self, command: str, purpose: str, *, indent: int = 2) -> None:
        """Draw a command to be copied: on one line, however long; what it is for goes below it where it must."""
        lead = f"{' ' * indent}$ "
        text = Text.assemble(lead, (command, "command"))
        is_beside = bool(purpose) and text.cell_len + 2 + measure(purpose) <= self.width
        self._console.print(text.append(f"  {purpose}", "muted") if is_beside else text, soft_wrap=True)
        if purpose and not is_beside:
            self.add_line((purpose, "muted"), indent=len(lead))

    def add_file_line(self, line: str, style: str) -> None:
        """Draw a line of a file, escaped before: it is neither wrapped nor cut, and all its space stays."""
        self._parts.append(self._take())
        content = Segments([Segment(line, self._console.get_style(style)), Segment.line()])
        self._console.print(content, soft_wrap=True, end="")
        self._parts.append(self._empty())

    def add_heading(self, title: str, note: str = "") -> None:
        """Open a section."""
        self.add_blank()
        self.add_line((title, "heading"), (f"  {note}", "muted"))

    def add_blank(self) -> None:
        """Leave a line free."""
        self._console.print()

    def read(self) -> str:
        """The text drawn so far, without space at the ends of its lines, but for those of files."""
        self._parts.append(self._take())
        text = "".join(self._parts)
        return text if self.context.unicode else text.encode("ascii", "backslashreplace").decode()

    def _take(self) -> str:
        """What was drawn since it was last asked for, as it is to be read."""
        text = self._empty()
        return _TRAILING_SPACE.sub("", text if self.context.unicode else text.translate(_CUT))

    def _empty(self) -> str:
        text = self._file.getvalue()
        self._file.seek(0)
        self._file.truncate()
        return text


def start_table() -> Table:
    """A table without lines, two spaces between columns, whose cells stay on one line each."""
    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="label", show_edge=False)


def start_fields() -> Table:
    """A table of labels and values; a long value goes on below itself."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(style="label", no_wrap=True)
    table.add_column(overflow="fold")
    return table
