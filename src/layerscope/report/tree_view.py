"""A listing as a tree: size, layer, what changed, and the name where it hangs."""

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from layerscope.filesystem.changes import Change
from layerscope.filesystem.listing import Listing, Row
from layerscope.layers.entry import EntryType
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_text, measure
from layerscope.report.paint import paint
from layerscope.report.places import root_path
from layerscope.report.theme import Symbols, choose_symbols
from layerscope.rules.wording import tell_count, tell_size

MARKS: Final = {
    Change.ADDED: ("+", "added"),
    Change.CHANGED: ("~", "changed"),
    Change.METADATA: ("%", "metadata"),
    Change.REMOVED: ("-", "removed"),
    Change.UNCHANGED: (" ", "unchanged"),
}
"""The sign of a change; in colour, each has its own."""

SIZE_WIDTH: Final = 9
"""Columns for a size, which is wide enough for each."""

OWNER_WIDTH: Final = 11
"""Columns for an owner, which is wide enough for most."""

LEAST_ROOM: Final = 12
"""Columns for a name on a terminal: with fewer it stands below the others, and then its branch is shortened."""

DEEP_ROOM: Final = 24
"""Columns that a shortened branch leaves to its name, if the name takes so many."""

INDENT: Final = "  "
"""What a name is set off by that stands below its columns."""

_FORMATS: Final = {
    EntryType.FILE: stat.S_IFREG,
    EntryType.DIRECTORY: stat.S_IFDIR,
    EntryType.SYMLINK: stat.S_IFLNK,
    EntryType.HARDLINK: stat.S_IFREG,
    EntryType.CHARACTER_DEVICE: stat.S_IFCHR,
    EntryType.BLOCK_DEVICE: stat.S_IFBLK,
    EntryType.FIFO: stat.S_IFIFO,
}


@dataclass(frozen=True)
class _Widths:
    """The columns that sizes and owners take, in all or none of the rows."""

    size: int
    owner: int


@dataclass(frozen=True)
class TreePage:
    """How a tree is drawn: what stands above it, and which columns it has."""

    title: str
    is_long: bool = False
    """Whether mode and owner are shown."""
    has_marks: bool = False
    """Whether rows are changes."""
    is_filtered: bool = False
    """Whether only some paths were asked for, by pattern or size."""


def render_tree_text(listing: Listing, page: TreePage, context: RenderContext) -> str:
    """The tree as text."""
    return "".join(f"{line.rstrip()}\n" for line in _iter_lines(listing, page, context))


def _iter_lines(listing: Listing, page: TreePage, context: RenderContext) -> Iterator[str]:
    symbols = choose_symbols(unicode=context.unicode)
    yield paint(escape_text(page.title), "path", color=context.color)
    if not listing.rows and page.is_filtered:
        yield "nothing matches"
        return
    if page.has_marks:
        yield _explain_marks(listing, color=context.color)
    yield ""
    has_removed = page.has_marks and listing.removed > 0
    widths = _find_widths(listing) if context.is_narrow else _Widths(SIZE_WIDTH, OWNER_WIDTH)
    yield paint(_draw_headings(page, widths, has_removed=has_removed), "label", color=context.color)
    for row, branch in zip(listing.rows, _iter_branches(listing.rows, symbols), strict=True):
        columns = _draw_columns(row, page, symbols, widths, has_removed=has_removed)
        yield from _iter_row_lines(columns, branch, row, context)
    yield ""
    yield _tell_total(listing, has_removed=has_removed)


def _find_widths(listing: Listing) -> _Widths:
    """The columns that sizes and owners need."""
    sizes = {size for row in listing.rows for size in (row.present, row.removed)}
    size = max([len("removed" if listing.removed else "size"), *(len(tell_size(size)) for size in sizes)])
    return _Widths(size, max([len("owner"), *(len(_tell_owner(row)) for row in listing.rows)]))


def _draw_headings(page: TreePage, widths: _Widths, *, has_removed: bool) -> str:
    removed = f" {'removed':>{widths.size}}" if has_removed else ""
    long = f" {'mode':<10} {'owner':>{widths.owner}}" if page.is_long else ""
    return f"{'  ' if page.has_marks else ''}{'size':>{widths.size}}{removed}{long} {'layer':>5}  path"


def _draw_columns(row: Row, page: TreePage, symbols: Symbols, widths: _Widths, *, has_removed: bool) -> str:
    mark = f"{MARKS[row.change][0]} " if page.has_marks else ""
    size = tell_size(row.present) if row.change is not Change.REMOVED else symbols.dash
    removed = f" {tell_size(row.removed) if row.removed else '':>{widths.size}}" if has_removed else ""
    long = f" {tell_mode(row):<10} {_tell_owner(row):>{widths.owner}}" if page.is_long else ""
    return f"{mark}{size:>{widths.size}}{removed}{long} {row.layer:>5}"


def _iter_row_lines(columns: str, branch: str, row: Row, context: RenderContext) -> Iterator[str]:
    """A row in one line, or on a terminal in as many as its name takes beside the columns."""
    name = escape_text(root_path(row.path) if not row.depth else row.path.rpartition("/")[2])
    if row.type is EntryType.DIRECTORY and row.path:
        name += "/"
    style = MARKS[row.change][1]
    told = f"{name}{_tell_link(row)}{_tell_folded(row)}"
    start, lead = 0, f"{columns}  "
    if _is_below(told, branch, lead, context):
        yield columns
        lead = INDENT
        branch = _shorten_branch(branch, told, context)
    breaks = _find_breaks(told, context.width - len(lead) - len(branch), context)
    below = _draw_below(branch, context) if breaks else ""
    for end in (*breaks, len(told)):
        own = max(len(name), start)
        painted = paint(told[start : min(own, end)], style, color=context.color and style != "unchanged")
        yield f"{lead}{paint(branch, 'muted', color=context.color)}{painted}{told[own:end]}"
        start, lead, branch = end, " " * len(lead), below


def _is_below(told: str, branch: str, lead: str, context: RenderContext) -> bool:
    """Whether a name stands below its columns, which leave it too little room on a terminal."""
    room = context.width - len(lead) - len(branch)
    return context.is_terminal and room < min(LEAST_ROOM, measure(told))


def _shorten_branch(branch: str, told: str, context: RenderContext) -> str:
    """The branch of a name without its outermost levels, where they would leave the name too little room."""
    symbols = choose_symbols(unicode=context.unicode)
    level, room = len(symbols.trunk), context.width - len(INDENT) - len(branch)
    if room >= min(LEAST_ROOM, measure(told)):
        return branch
    wanted = min(DEEP_ROOM, measure(told)) - room
    left_out = min(-(-wanted // level) + 1, len(branch) // level - 1)
    return symbols.ellipsis.ljust(level) + branch[left_out * level :] if left_out > 1 else branch


def _find_breaks(told: str, room: int, context: RenderContext) -> list[int]:
    """Where a name is broken: on a terminal alone, and not where too little room is left for that to help."""
    if not context.is_terminal or room < LEAST_ROOM or measure(told) <= room:
        return []
    from layerscope.report.terminal.slashed import find_breaks

    return find_breaks(told, room)


def _draw_below(branch: str, context: RenderContext) -> str:
    """What is drawn before a line that goes on with the name above it."""
    symbols = choose_symbols(unicode=context.unicode)
    return branch.replace(symbols.last_branch, " " * len(symbols.last_branch)).replace(symbols.branch, symbols.trunk)


def _iter_branches(rows: Sequence[Row], symbols: Symbols) -> list[str]:
    """What is drawn before each name: a trunk for each level that goes on below, and a branch of its own."""
    branches: list[str] = []
    goes_on: list[bool] = []
    for row in reversed(rows):
        depth = row.depth
        del goes_on[depth + 1 :]
        goes_on += [False] * (depth + 1 - len(goes_on))
        trunk = "".join(symbols.trunk if level else " " * len(symbols.trunk) for level in goes_on[1:depth])
        own = "" if depth == 0 else symbols.branch if goes_on[depth] else symbols.last_branch
        branches.append(trunk + own)
        goes_on[depth] = True
    return branches[::-1]


def _tell_link(row: Row) -> str:
    if row.kept_at is not None:
        return f" (its content stays as /{escape_text(row.kept_at)})"
    if row.link is None:
        return ""
    if row.type is EntryType.SYMLINK:
        return f" -> {escape_text(row.link)}"
    return f" (hard link to /{escape_text(row.link.lstrip('/'))})"


def _tell_folded(row: Row) -> str:
    return f"  ({row.folded:,} below)" if row.folded else ""


def _tell_owner(row: Row) -> str:
    return f"{row.uid}:{row.gid}"


def tell_mode(row: Row) -> str:
    """Type and permissions as `ls -l` shows them."""
    return stat.filemode(_FORMATS.get(row.type, 0) | row.mode)


def _explain_marks(listing: Listing, *, color: bool) -> str:
    words = {
        Change.ADDED: "added",
        Change.CHANGED: "changed",
        Change.METADATA: "same content, other attributes",
        Change.REMOVED: "removed",
    }
    told = [
        paint(f"{MARKS[change][0]} {listing.counts[change]:,} {word}", MARKS[change][1], color=color)
        for change, word in words.items()
        if listing.counts.get(change)
    ]
    return "   ".join(told) or "nothing changed"


def _tell_total(listing: Listing, *, has_removed: bool) -> str:
    paths = tell_count(sum(listing.counts.values()), "path")
    removed = f", {tell_size(listing.removed)} removed" if has_removed else ""
    rows = sum(row.is_chosen for row in listing.rows)
    shown = f" ({rows:,} shown)" if rows < sum(listing.counts.values()) else ""
    return f"{tell_size(listing.present)} in {paths}{removed}{shown}"
