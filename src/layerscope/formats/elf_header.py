"""The header of an ELF file, its program headers and its section headers.

https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
"""

import struct
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from layerscope.errors import FormatError
from layerscope.formats.elf_content import ElfContent

MAGIC: Final = b"\x7fELF"
SIZES: Final = {32: 52, 64: 64}
"""Bytes of the header."""

MAX_SEGMENTS: Final = 1024
"""Program headers: linkers write about a dozen, and each is looked at several times."""

MAX_SECTIONS: Final = 65_279
"""Above it the number stands elsewhere (SHN_LORESERVE), as it does in some object files, which nobody loads."""

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_GNU_STACK = 1, 2, 3, 4, 0x6474E551
SHT_NULL, SHT_DYNAMIC, SHT_NOTE, SHT_NOBITS, SHT_DYNSYM = 0, 6, 7, 8, 11

_CLASSES: Final = {1: 32, 2: 64}
_ORDERS: Final = {1: "<", 2: ">"}
_HEADERS: Final = {
    (bits, order): struct.Struct(f"{order}16x2H4x{words}4x6H")
    for bits, words in ((32, "3I"), (64, "3Q"))
    for order in _ORDERS.values()
}
_SEGMENTS: Final = {
    (bits, order): struct.Struct(order + form)
    for bits, form in ((32, "8I"), (64, "2I6Q"))
    for order in _ORDERS.values()
}
_SECTIONS: Final = {
    (bits, order): struct.Struct(order + form)
    for bits, form in ((32, "2I4x3I16x"), (64, "2I8x3Q24x"))
    for order in _ORDERS.values()
}


class Segment(Struct, frozen=True, gc=False):
    """A program header."""

    type: int
    flags: int
    offset: int
    address: int
    size: int
    """Bytes in the file."""
    align: int

    @property
    def stop(self) -> int:
        """Where it ends in the file."""
        return self.offset + self.size


class Section(Struct, frozen=True, gc=False):
    """A section header; `name` is a place in the section of names."""

    name: int
    type: int
    address: int
    offset: int
    size: int


class ElfHeader(Struct, frozen=True):
    """What the header says; `segments` and `sections` are offset and number of their headers."""

    bits: int
    order: str
    """`<` for little, `>` for big endian, as struct has it."""
    type: int
    machine: int
    segments: tuple[int, int]
    sections: tuple[int, int]
    names_section: int

    @property
    def word(self) -> int:
        """Bytes of an address."""
        return self.bits >> 3

    @property
    def segment_table(self) -> tuple[int, int]:
        """Where the program headers begin and end."""
        offset, count = self.segments
        return offset, offset + count * _SEGMENTS[self.bits, self.order].size

    @property
    def section_table(self) -> tuple[int, int]:
        """Where the section headers begin and end."""
        offset, count = self.sections
        return offset, offset + count * _SECTIONS[self.bits, self.order].size


def parse_header(content: bytes | memoryview) -> ElfHeader:
    """The header at the start of a file; raises FormatError."""
    if len(content) < SIZES[32] or bytes(content[:4]) != MAGIC:
        raise FormatError(f"no ELF header in the first {len(content)} bytes")
    bits, order = _CLASSES.get(content[4]), _ORDERS.get(content[5])
    if bits is None or order is None:
        raise FormatError(f"an ELF header of the unknown class {content[4]} or byte order {content[5]}")
    if len(content) < SIZES[bits]:
        raise FormatError(f"an ELF header of {len(content)} bytes, expected {SIZES[bits]}")
    fields = _HEADERS[bits, order].unpack_from(content)
    kind, machine, _entry, segments_at, sections_at, _size, segment_size, segments, section_size, sections, names = (
        fields
    )
    if segments and (segment_size != _SEGMENTS[bits, order].size or segments > MAX_SEGMENTS):
        raise FormatError(f"{segments:,} program headers of {segment_size} bytes, expected {MAX_SEGMENTS:,} at most")
    if sections and section_size != _SECTIONS[bits, order].size:
        raise FormatError(f"section headers of {section_size} bytes, expected {_SECTIONS[bits, order].size}")
    if not sections_at or sections > MAX_SECTIONS:
        sections = 0
    return ElfHeader(bits, order, kind, machine, (segments_at, segments), (sections_at, sections), names)


def read_segments(content: ElfContent, header: ElfHeader) -> list[Segment]:
    """The program headers; raises FormatError where they are not all there."""
    start, stop = header.segment_table
    if start == stop:
        return []
    rows = _SEGMENTS[header.bits, header.order].iter_unpack(content.read(start, stop - start))
    if header.bits == 64:  # noqa: PLR2004 - the file's class
        return [Segment(kind, flags, at, address, size, align) for kind, flags, at, address, _, size, _, align in rows]
    return [Segment(kind, flags, at, address, size, align) for kind, at, address, _, size, _, flags, align in rows]


def read_sections(content: ElfContent, header: ElfHeader) -> list[Section]:
    """The section headers; raises FormatError where they are not all there."""
    start, stop = header.section_table
    if start == stop:
        return []
    rows = _SECTIONS[header.bits, header.order].iter_unpack(content.read(start, stop - start))
    return [Section(*row) for row in rows]


def locate(segments: Sequence[Segment], address: int) -> int | None:
    """Where in the file that lies which is loaded at an address; None where nothing is."""
    for segment in segments:
        if segment.type == PT_LOAD and segment.address <= address < segment.address + segment.size:
            return address - segment.address + segment.offset
    return None
