"""ObjectStream: what the loader reads of an ELF file, gathered while the file passes and cannot be sought back.

The header and the program headers come first and tell where the dynamic section lies; that tells where its tables lie,
which linkers put near the start, before it, and patchelf behind everything else. So the start of the file is kept until
the dynamic section has passed, and later ranges once they are known.
"""

from collections.abc import Callable, Sequence
from typing import Final

from layerscope.errors import FormatError
from layerscope.facts.elf.kept_ranges import CEILING, KeptRanges, Range, to_bytes
from layerscope.formats.elf_content import MAX_TEXT, ElfContent
from layerscope.formats.elf_dynamic import MAX_DYNAMIC, find_tables
from layerscope.formats.elf_header import (
    PT_DYNAMIC,
    PT_INTERP,
    PT_LOAD,
    PT_NOTE,
    SHT_NOTE,
    SIZES,
    ElfHeader,
    Segment,
    parse_header,
    read_sections,
    read_segments,
)
from layerscope.formats.elf_notes import MAX_NOTES
from layerscope.formats.elf_reader import MAX_NOTE_PLACES, MAX_SECTION_NAMES, read_dynamic

SMALL_SEGMENT: Final = 16 << 20
"""Bytes of a segment that is kept whole, for patchelf puts tables into segments of their own."""

DYNAMIC_LEAD: Final = 32 << 20
"""Bytes before the dynamic section, in its own segment, that are kept: patchelf puts names there."""

NAMES_LEAD: Final = 1 << 16
"""Bytes before the section headers in which most linkers put the sections' names."""

NAMES_MARK: Final = b"\0.shstrtab\0"
"""Stands among the sections' names, wherever they are."""

NAMES_ROOM: Final = 1 << 12
"""Bytes around the mark that are kept: the names of a library take a few hundred."""

_EXECUTE, _READ = 1, 4


class ObjectStream:
    """Keeps of one file what `read_elf` asks for, or most of it."""

    def __init__(self, size: int, *, lead: int = NAMES_LEAD) -> None:
        """Expect a file of that size; `lead` bytes before its section headers are kept.

        Set `needs_names` once the names of sections matter: they are looked for, which takes its time.
        """
        self._size, self._lead = size, lead
        self.needs_names = False
        self._kept = KeptRanges([(0, CEILING)])
        self._header: ElfHeader | None = None
        self._segments: list[Segment] = []
        self._known: list[Range] = [(0, SIZES[64])]
        self._guessed: list[Range] = [(0, CEILING)]
        self._tables: list[Range] = []
        self._loaded: list[Segment] = []
        self._names_stop = 0
        self._recent: Range = (0, 0)
        self._before = b""
        self._steps: list[tuple[int, Callable[[ElfContent], None]]] = [(min(SIZES[64], size), self._read_header)]

    def feed(self, piece: memoryview) -> None:
        """Take the next piece; what it tells of its own rest is heeded."""
        while self._steps and self._steps[0][0] <= self._kept.position + len(piece):
            position, step = self._steps.pop(0)
            count = max(position - self._kept.position, 0)
            self._take(piece[:count])
            piece = piece[count:]
            try:
                step(self.content())
            except FormatError:  # whoever reads the object meets it again, and says so
                self._guessed = []
            self._want()
        self._take(piece)

    def content(self) -> ElfContent:
        """What is kept of the file."""
        return self._kept.content(self._size)

    def _take(self, piece: memoryview) -> None:
        """Take a piece, and look for the sections' names in it where nothing is loaded and the headers are to come.

        Some linkers write them before the names of symbols, which may be long.
        """
        start = self._kept.position
        stop = min(start + len(piece), self._names_stop)
        if self.needs_names and piece and start < stop and not self._is_loaded(start, stop):
            self._look_for_names(to_bytes(piece), start)
        self._kept.feed(piece)

    def _look_for_names(self, content: bytes, start: int) -> None:
        overlap = len(NAMES_MARK) - 1
        found = content.find(NAMES_MARK)
        if found < 0:
            found = (self._before + content[:overlap]).find(NAMES_MARK)
            found -= len(self._before) if found >= 0 else start + 1
        if found + start >= 0:
            self._known.append((max(start + found - NAMES_ROOM, 0), start + found + NAMES_ROOM))
            self._names_stop = 0
        end = start + len(content)
        self._recent = (max(end - NAMES_ROOM, start), end)
        self._before = content[-overlap:]
        self._want()

    def _is_loaded(self, start: int, stop: int) -> bool:
        return any(each.offset <= start and stop <= each.stop for each in self._loaded)

    def is_code(self, start: int, stop: int) -> bool:
        """Whether a part of the file is known to be machine code alone.

        Linkers that do not begin with a segment for reading alone put constants beside the code.
        """
        if not self._loaded or self._loaded[0].flags != _READ:
            return False
        return any(each.flags & _EXECUTE and each.offset <= start and stop <= each.stop for each in self._loaded)

    def is_unloaded(self, start: int, stop: int) -> bool:
        """Whether nothing of a part of the file is loaded, in a file of which something is."""
        return bool(self._loaded) and all(each.stop <= start or stop <= each.offset for each in self._loaded)

    def _want(self) -> None:
        self._kept.want([*self._known, self._recent, *self._tables, *self._guessed])

    def _await(self, position: int, step: Callable[[ElfContent], None]) -> None:
        """Take a step when the file has passed up to a position, if it reaches that."""
        if position <= self._size:
            self._steps.append((position, step))
            self._steps.sort(key=lambda each: each[0])

    def _read_header(self, content: ElfContent) -> None:
        self._header = header = parse_header(content.read_most(0, SIZES[64]))
        start, stop = header.section_table
        self._known += [header.segment_table]
        if start < stop:
            self._known.append((max(start - self._lead, 0), stop))
            self._await(stop, self._read_sections)
        if header.segments[1] and header.segment_table[1] <= self._size:
            self._await(header.segment_table[1], self._read_segments)
        else:
            self._guessed = []

    def _read_segments(self, content: ElfContent) -> None:
        assert self._header is not None, "the header came first"
        self._segments = read_segments(content, self._header)
        self._loaded = self._pick(PT_LOAD)
        self._names_stop = max(self._header.section_table[0] - self._lead, 0)
        notes = [(each.offset, min(each.stop, each.offset + MAX_NOTES)) for each in self._pick(PT_NOTE)]
        self._known += notes[:MAX_NOTE_PLACES]
        self._known += [(each.offset, min(each.stop, each.offset + MAX_TEXT)) for each in self._pick(PT_INTERP)[:1]]
        self._guessed = []
        for dynamic in self._pick(PT_DYNAMIC)[:1]:
            if dynamic.size <= MAX_DYNAMIC and dynamic.stop <= self._size:
                self._known.append((dynamic.offset, dynamic.stop))
                self._guessed = guess_tables(self._loaded, dynamic)
                self._await(dynamic.stop, self._read_dynamic)

    def _read_dynamic(self, content: ElfContent) -> None:
        assert self._header is not None, "the header came first"
        dynamic = read_dynamic(content, self._header, self._segments)
        self._guessed = []
        if dynamic is not None:
            self._tables = list(find_tables(dynamic, self._segments).values())

    def _read_sections(self, content: ElfContent) -> None:
        """Names and notes that come after the section headers; those just before them were kept."""
        assert self._header is not None, "the header came first"
        sections = read_sections(content, self._header)
        chosen = [sections[self._header.names_section]] if self._header.names_section < len(sections) else []
        self._known += [(each.offset, each.offset + min(each.size, MAX_SECTION_NAMES)) for each in chosen]
        notes = [each for each in sections if each.type == SHT_NOTE]
        self._known += [(each.offset, each.offset + min(each.size, MAX_NOTES)) for each in notes[:MAX_NOTE_PLACES]]

    def _pick(self, kind: int) -> list[Segment]:
        return [each for each in self._segments if each.type == kind]


def guess_tables(loaded: Sequence[Segment], dynamic: Segment) -> list[Range]:
    """Where tables may lie that the dynamic section will lead back to.

    That is what precedes it in its own segment, segments without code that are small, and, as far as there is room, the
    first segment.
    """
    first = min(loaded, key=lambda each: each.offset, default=None)
    ranges: list[Range] = []
    for segment in loaded:
        if segment is first:
            continue
        if segment.offset < dynamic.offset < segment.stop:
            ranges.append((max(segment.offset, dynamic.offset - DYNAMIC_LEAD), dynamic.offset))
        elif segment.size <= SMALL_SEGMENT and segment.offset < dynamic.offset and not segment.flags & _EXECUTE:
            ranges.append((segment.offset, segment.stop))
    if first is not None:
        ranges.append((first.offset, min(first.stop, dynamic.offset)))
    return ranges
