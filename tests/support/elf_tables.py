"""The tables of an ELF file's dynamic section, one by one, for `support.elf_writer`."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from layerscope.formats.elf_object import NeededVersion, UndefinedSymbol

GLOBAL_FUNCTION, WEAK_FUNCTION = 0x12, 0x22
GLOBAL_VERSION = 1


@dataclass(frozen=True)
class ElfForm:
    """How numbers are written: in 32 or 64 bits, in either byte order."""

    bits: int
    is_little_endian: bool

    @property
    def order(self) -> str:
        """The byte order as struct has it."""
        return "<" if self.is_little_endian else ">"

    @property
    def word(self) -> int:
        """Bytes of an address."""
        return self.bits // 8

    @property
    def header_size(self) -> int:
        """Bytes of the file's header."""
        return 64 if self.bits == 64 else 52

    @property
    def segment_size(self) -> int:
        """Bytes of a program header."""
        return 56 if self.bits == 64 else 32

    @property
    def section_size(self) -> int:
        """Bytes of a section header."""
        return 64 if self.bits == 64 else 40

    @property
    def symbol_size(self) -> int:
        """Bytes of a symbol."""
        return 24 if self.bits == 64 else 16

    def header(self, kind: int, machine: int, segments: int, sections: tuple[int, int, int]) -> bytes:
        """The file's header; `sections` is where their headers lie, how many there are, and which holds their names."""
        ident = struct.pack("4sBBBB8x", b"\x7fELF", self.bits // 32, 1 if self.is_little_endian else 2, 1, 0)
        words = "QQQ" if self.bits == 64 else "III"
        table, *counts = sections
        sizes = (self.header_size, self.segment_size, segments, self.section_size, *counts)
        return ident + struct.pack(
            f"{self.order}HHI{words}I6H", kind, machine, 1, 0, self.header_size, table, 0, *sizes
        )

    def segment(self, kind: int, flags: int, place: tuple[int, int, int], align: int) -> bytes:
        """A program header; `place` is its offset, address and size."""
        offset, address, size = place
        if self.bits == 64:
            return struct.pack(self.order + "IIQQQQQQ", kind, flags, offset, address, address, size, size, align)
        return struct.pack(self.order + "IIIIIIII", kind, offset, address, address, size, size, flags, align)

    def section(self, name: int, kind: int, place: tuple[int, int, int], details: tuple[int, int, int]) -> bytes:
        """A section header; `place` is its address, offset and size, `details` its link, info and entry's size."""
        link, info, entry = details
        words = "QQQQIIQQ" if self.bits == 64 else "IIIIIIII"
        flags = 2 if place[0] else 0
        return struct.pack(f"{self.order}II{words}", name, kind, flags, *place, link, info, 4, entry)

    def symbol(self, name: int, info: int, section: int) -> bytes:
        """A dynamic symbol."""
        if self.bits == 64:
            return struct.pack(self.order + "IBBHQQ", name, info, 0, section, 0x100 * section, 8)
        return struct.pack(self.order + "IIIBBH", name, 0x100 * section, 8, info, 0, section)

    def note(self, name: bytes, kind: int, content: bytes) -> bytes:
        """A note, its name and content padded."""
        head = struct.pack(self.order + "III", len(name), len(content), kind)
        return head + name + bytes(-len(name) % 4) + content + bytes(-len(content) % 4)


class Strings:
    """A table of texts that end with a NUL."""

    def __init__(self) -> None:
        """Begin with the empty text, as every such table does."""
        self.content = b"\0"
        self.offsets: dict[str, int] = {"": 0}

    def add(self, text: str) -> int:
        """Return where a text lies, which is written once."""
        if text not in self.offsets:
            self.offsets[text] = len(self.content)
            self.content += text.encode("utf-8", "surrogateescape") + b"\0"
        return self.offsets[text]


def hash_name(name: str) -> int:
    """What the GNU hash table knows a symbol by."""
    value = 5381
    for byte in name.encode("utf-8", "surrogateescape"):
        value = (value * 33 + byte) & 0xFFFFFFFF
    return value


def write_gnu_hash(form: ElfForm, names: Sequence[str], first: int) -> bytes:
    """The GNU hash table of names that `write_symbols` sorted; without names it tells nothing, as GNU ld writes it."""
    count = max(1, len(names) // 2)
    buckets, chains = [0] * count, list[int]()
    for number, name in enumerate(names):
        bucket = hash_name(name) % count
        buckets[bucket] = buckets[bucket] or first + number
        is_last = number + 1 == len(names) or hash_name(names[number + 1]) % count != bucket
        chains.append(hash_name(name) & ~1 | is_last)
    bloom = bytes([255 if names else 0]) * form.word
    head = struct.pack(form.order + "4I", count, first if names else 1, 1, 6)
    return head + bloom + struct.pack(f"{form.order}{count + len(chains)}I", *buckets, *chains)


def write_hash(form: ElfForm, symbols: int) -> bytes:
    """A System V hash table with the right number of symbols, all in one bucket."""
    return struct.pack(f"{form.order}{3 + symbols}I", 1, symbols, min(symbols - 1, 1), *(0 for _ in range(symbols)))


def write_symbols(
    form: ElfForm,
    strings: Strings,
    undefined: Sequence[UndefinedSymbol],
    exports: Sequence[str],
    numbers: Mapping[str, int],
) -> tuple[bytes, bytes, list[str]]:
    """The symbols, their version numbers, and the exported names in the order that the GNU hash table demands."""
    count = max(1, len(exports) // 2)
    ordered = sorted(exports, key=lambda name: hash_name(name) % count)
    symbols, versions = form.symbol(0, 0, 0), [0]
    for each in undefined:
        info = WEAK_FUNCTION if each.is_weak else GLOBAL_FUNCTION
        symbols += form.symbol(strings.add(each.name), info, 0)
        versions.append(numbers[each.version] if each.version else GLOBAL_VERSION)
    for name in ordered:
        symbols += form.symbol(strings.add(name), GLOBAL_FUNCTION, 7)
        versions.append(GLOBAL_VERSION)
    return symbols, struct.pack(f"{form.order}{len(versions)}H", *versions), ordered


def write_verneed(
    form: ElfForm, strings: Strings, required: Sequence[NeededVersion], *, first: int
) -> tuple[bytes, dict[str, int]]:
    """The versions required, by library, and each version's number; a version is numbered once."""
    libraries: dict[str, list[NeededVersion]] = {}
    for each in required:
        libraries.setdefault(each.library, []).append(each)
    content, numbers = b"", dict[str, int]()
    for number, (library, versions) in enumerate(libraries.items()):
        size = 16 + 16 * len(versions)
        following = size if number + 1 < len(libraries) else 0
        content += struct.pack(form.order + "HHIII", 1, len(versions), strings.add(library), 16, following)
        for place, each in enumerate(versions):
            index = numbers.setdefault(each.version, first + len(numbers))
            after = 16 if place + 1 < len(versions) else 0
            content += struct.pack(
                form.order + "IHHII", 0, 2 if each.is_weak else 0, index, strings.add(each.version), after
            )
    return content, numbers


def write_verdef(form: ElfForm, strings: Strings, soname: str, provided: Sequence[str]) -> bytes:
    """The versions provided, after the base version that bears the object's own name."""
    content = b""
    names = [soname, *provided] if provided else []
    for number, name in enumerate(names):
        following = 28 if number + 1 < len(names) else 0
        content += struct.pack(form.order + "HHHHIII", 1, 1 if number == 0 else 0, number + 1, 1, 0, 20, following)
        content += struct.pack(form.order + "II", strings.add(name), 0)
    return content
