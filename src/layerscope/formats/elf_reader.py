"""An ElfObject from a file's bytes, whole or as far as they were kept."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from layerscope.errors import FormatError
from layerscope.formats.elf_content import MAX_TEXT, ElfContent, read_text
from layerscope.formats.elf_dynamic import FLAGS, FLAGS_1, MAX_DYNAMIC, RELR, Dynamic, parse_dynamic
from layerscope.formats.elf_header import (
    PT_DYNAMIC,
    PT_GNU_STACK,
    PT_INTERP,
    PT_LOAD,
    PT_NOTE,
    SHT_DYNAMIC,
    SHT_NOBITS,
    SHT_NULL,
    SIZES,
    ElfHeader,
    Section,
    Segment,
    parse_header,
    read_sections,
    read_segments,
)
from layerscope.formats.elf_linking import Linking, attempt, read_linking
from layerscope.formats.elf_notes import FORWARD_COMPATIBILITY, MAX_NOTES, Notes, merge_notes, parse_notes
from layerscope.formats.elf_object import ElfObject, UndefinedSymbols

MAX_SECTION_NAMES: Final = 4 << 20
"""Bytes of all sections' names; a library has some hundreds."""

MAX_SECTION_NAME: Final = 256
"""Bytes of a section's name that are of interest."""

MAX_NOTE_PLACES: Final = 16
"""Segments of notes; linkers make one for each alignment and kind."""

SectionPlace = tuple[str, int, int]
"""A section's name, and where its bytes lie in the file: offset and size."""

_UNLINKED: Final = Linking(None, (), None, None, (), (), UndefinedSymbols(), b"")


class ElfFile(Struct, frozen=True):
    """An object, its sections and the names of those; `names_problem` says why the names are not known."""

    object: ElfObject
    headers: Sequence[Section]
    names: bytes
    names_problem: str | None = None

    def place_sections(self) -> list[SectionPlace]:
        """The sections that take space in the file, and whose names are known."""
        return _place_sections(self.headers, self.names)


def parse_elf(content: bytes) -> ElfObject:
    """The object that a whole file holds; raises FormatError where it is none."""
    return read_elf(ElfContent(len(content), [(0, memoryview(content))])).object


def read_elf(content: ElfContent) -> ElfFile:
    """The object, what could not be read of it being among its problems; raises FormatError where it is none."""
    header = parse_header(content.read_most(0, SIZES[64]) if content.size else b"")
    problems: list[str] = []
    segments = attempt(problems, "program headers", lambda: read_segments(content, header), list[Segment]())
    sections = attempt(problems, "section headers", lambda: read_sections(content, header), list[Section]())
    unnamed: list[str] = []
    names = attempt(unnamed, "section names", lambda: _read_section_names(content, header, sections), b"")
    dynamic = attempt(problems, "dynamic section", lambda: read_dynamic(content, header, segments, sections), None)
    linking, values = _UNLINKED, dict[int, int]()
    if dynamic is not None:
        linking = read_linking(content, header, dynamic, segments, sections, problems=problems)
        values = dynamic.values
    notes = attempt(problems, "notes", lambda: _read_notes(content, header, segments, sections, names), Notes())
    missing, missing_loaded = _measure_missing(content.size, header, segments, sections)
    found = ElfObject(
        bits=header.bits,
        is_little_endian=header.order == "<",
        machine=header.machine,
        type=header.type,
        interpreter=attempt(problems, "ELF interpreter", lambda: _read_interpreter(content, segments), None),
        soname=linking.soname,
        needed=linking.needed,
        rpath=linking.rpath,
        runpath=linking.runpath,
        flags=values.get(FLAGS, 0),
        flags_1=values.get(FLAGS_1, 0),
        is_dynamic=dynamic is not None,
        required_versions=linking.required_versions,
        provided_versions=linking.provided_versions,
        undefined=linking.undefined,
        exports=linking.exports,
        stack_flags=next((each.flags for each in segments if each.type == PT_GNU_STACK), None),
        isa_needed=notes.isa_needed,
        minimum_kernel=notes.minimum_kernel,
        build_id=notes.build_id,
        has_relr=RELR in values,
        missing=missing,
        missing_loaded=missing_loaded,
        forward_compatibility=notes.forward_compatibility,
        problems=tuple(problems),
    )
    return ElfFile(found, sections, names, "".join(unnamed) or None)


def read_dynamic(
    content: ElfContent, header: ElfHeader, segments: Sequence[Segment], sections: Sequence[Section] = ()
) -> Dynamic | None:
    """The dynamic section; None where there is none, as in a file with debugging information alone."""
    place = next((each for each in segments if each.type == PT_DYNAMIC), None)
    if place is None or _is_left_out(place, sections):
        return None
    if place.size > MAX_DYNAMIC:
        raise FormatError(f"{place.size:,} bytes, expected {MAX_DYNAMIC:,} at most")
    return parse_dynamic(content.read(place.offset, place.size), header)


def _is_left_out(segment: Segment, sections: Sequence[Section]) -> bool:
    """Whether the file has no bytes of what its headers still tell of: `objcopy --only-keep-debug` keeps them so."""
    return any(each.type == SHT_NOBITS and each.address == segment.address for each in sections) and not any(
        each.type == SHT_DYNAMIC for each in sections
    )


def _read_interpreter(content: ElfContent, segments: Sequence[Segment]) -> str | None:
    place = next((each for each in segments if each.type == PT_INTERP), None)
    if place is None or not place.size:
        return None
    text = bytes(content.read(place.offset, min(place.size, MAX_TEXT)))
    return read_text(text + b"\0", 0, MAX_TEXT + 1)


def _read_section_names(content: ElfContent, header: ElfHeader, sections: Sequence[Section]) -> bytes:
    if header.names_section >= len(sections):
        return b""
    place = sections[header.names_section]
    if place.size > MAX_SECTION_NAMES:
        raise FormatError(f"{place.size:,} bytes, expected {MAX_SECTION_NAMES:,} at most")
    return bytes(content.read(place.offset, place.size))


def _place_sections(sections: Sequence[Section], names: bytes) -> list[SectionPlace]:
    """The sections that take space in the file, and whose names are known."""
    placed = []
    for section in sections:
        end = names.find(b"\0", section.name, section.name + MAX_SECTION_NAME)
        if end > section.name and section.type != SHT_NOBITS and section.size:
            name = names[section.name : end].decode(errors="surrogateescape")
            placed.append((name, section.offset, section.size))
    return placed


def _read_notes(
    content: ElfContent, header: ElfHeader, segments: Sequence[Segment], sections: Sequence[Section], names: bytes
) -> Notes:
    places = [(each.offset, each.size, each.align) for each in segments if each.type == PT_NOTE and each.size]
    if FORWARD_COMPATIBILITY.encode() in names:
        placed = _place_sections(sections, names)
        places += [(offset, size, 4) for name, offset, size in placed if name == FORWARD_COMPATIBILITY]
    found = Notes()
    for offset, size, align in places[:MAX_NOTE_PLACES]:
        found = merge_notes(found, parse_notes(content.read(offset, min(size, MAX_NOTES)), align, header))
    return found


def _measure_missing(
    size: int, header: ElfHeader, segments: Sequence[Segment], sections: Sequence[Section]
) -> tuple[int, int]:
    """Bytes that the headers point to beyond the end, and those of them that the loader maps.

    Where sections are known, segments alone prove nothing: a file with debugging information keeps their headers.
    """
    loaded = max((each.stop for each in segments if each.type == PT_LOAD), default=0)
    ends = [header.segment_table[1], header.section_table[1]]
    ends += [each.offset + each.size for each in sections if each.type not in {SHT_NULL, SHT_NOBITS}]
    if not sections:
        ends.append(loaded)
    missing = max(max(ends) - size, 0)
    return missing, max(loaded - size, 0) if missing else 0
