"""Notes of an ELF file: build ID, kernel, the processor that it needs, and NVIDIA's forward compatibility.

https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html#note_section; the x86 property is in
https://gitlab.com/x86-psABIs/x86-64-ABI, "Program Property".
"""

import struct
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from layerscope.formats.elf_header import ElfHeader

MAX_NOTES: Final = 64 << 10
"""Bytes of one segment or section of notes; some stay below a kilobyte even with what packagers add."""

MAX_COUNT: Final = 256
"""Notes of one segment that are looked at."""

FORWARD_COMPATIBILITY: Final = ".note.cuda.fwd_compatibility"
"""The section that NVIDIA's container toolkit reads (cmd/nvidia-cdi-hook/cudacompat)."""

X86_MACHINES: Final = frozenset({3, 62})

_GNU, _NVIDIA = b"GNU", b"NVIDIA Corporation"
_ABI_TAG, _BUILD_ID, _PROPERTIES = 1, 3, 5
_LINUX: Final = 0
_X86_ISA_1_NEEDED: Final = 0xC0008002


class Notes(Struct, frozen=True):
    """What the notes say; see `ElfObject` for the values."""

    build_id: str | None = None
    minimum_kernel: str | None = None
    isa_needed: int = 0
    forward_compatibility: str | None = None


def parse_notes(content: memoryview, align: int, header: ElfHeader) -> Notes:
    """What a segment or section of notes says; what is not well-formed ends it."""
    build_id, kernel, isa_needed, compatibility = None, None, 0, None
    for name, kind, value in _iter_notes(content, align, header):
        if name == _NVIDIA and value.startswith(b"{"):
            compatibility = value.rstrip(b"\0").decode(errors="surrogateescape")
        elif name != _GNU:
            continue
        elif kind == _BUILD_ID:
            build_id = value.hex()
        elif kind == _ABI_TAG and len(value) >= 16:  # noqa: PLR2004 - system and three numbers
            system, *numbers = struct.Struct(header.order + "4I").unpack_from(value)
            kernel = ".".join(map(str, numbers)) if system == _LINUX else None
        elif kind == _PROPERTIES and header.machine in X86_MACHINES:
            isa_needed |= _find_isa(value, header)
    return Notes(build_id, kernel, isa_needed, compatibility)


def merge_notes(first: Notes, second: Notes) -> Notes:
    """What two places say together; where both say it, the first holds."""
    return Notes(
        first.build_id or second.build_id,
        first.minimum_kernel or second.minimum_kernel,
        first.isa_needed | second.isa_needed,
        first.forward_compatibility or second.forward_compatibility,
    )


def _iter_notes(content: memoryview, align: int, header: ElfHeader) -> Iterator[tuple[bytes, int, bytes]]:
    """Name without its NULs, type and value of each note."""
    head, place = struct.Struct(header.order + "3I"), 0
    step = align if align in {4, 8} else 4
    for _ in range(MAX_COUNT):
        if place + head.size > len(content):
            return
        name_size, size, kind = head.unpack_from(content, place)
        name_at = place + head.size
        start = name_at + _pad(name_size, step) if step == 4 else place + _pad(head.size + name_size, step)  # noqa: PLR2004
        if start + size > len(content):
            return
        yield bytes(content[name_at : name_at + name_size]).rstrip(b"\0"), kind, bytes(content[start : start + size])
        place = start + _pad(size, step)


def _find_isa(value: bytes, header: ElfHeader) -> int:
    """The bits of the x86-64 levels that are needed, among the properties of one note."""
    head, place = struct.Struct(header.order + "2I"), 0
    while place + 12 <= len(value):
        kind, size = head.unpack_from(value, place)
        if kind == _X86_ISA_1_NEEDED:
            return int(struct.Struct(header.order + "I").unpack_from(value, place + head.size)[0])
        place += head.size + _pad(size, header.word)
    return 0


def _pad(size: int, step: int) -> int:
    return -(-size // step) * step
