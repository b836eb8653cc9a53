"""Small valid ELF files, written in the test that reads them.

`write_elf(ElfPlan(needed=("libc.so.6",), soname="libx.so.1"))` is a shared object for x86-64; every field of the plan
changes one thing. `layout` says where the dynamic section and its tables lie: `START` as linkers place them (tables in
the first segment, the dynamic section behind the code), `END` as patchelf leaves them (all in a segment at the end).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from layerscope.formats.elf_object import NeededVersion, UndefinedSymbol
from support.elf_tables import ElfForm, Strings, write_gnu_hash, write_hash, write_symbols, write_verdef, write_verneed

X86_64: Final = 62
AARCH64: Final = 183
EXECUTABLE: Final = 2
SHARED: Final = 3

READ, WRITE, EXECUTE = 4, 2, 1
PAGE: Final = 0x1000
_LOAD, _DYNAMIC, _INTERP, _NOTE, _STACK = 1, 2, 3, 4, 0x6474E551
_TYPES: Final = {
    ".dynamic": 6, ".dynstr": 3, ".dynsym": 11, ".hash": 5, ".gnu.hash": 0x6FFFFFF6, ".gnu.version": 0x6FFFFFFF,
    ".gnu.version_r": 0x6FFFFFFE, ".gnu.version_d": 0x6FFFFFFD, ".shstrtab": 3,
}  # fmt: skip
_PROGBITS, _SHT_NOTE = 1, 7
_LINKS: Final = {
    ".dynamic": ".dynstr", ".dynsym": ".dynstr", ".gnu.version_r": ".dynstr", ".gnu.version_d": ".dynstr",
    ".hash": ".dynsym", ".gnu.hash": ".dynsym", ".gnu.version": ".dynsym",
}  # fmt: skip


class Layout(Enum):
    """Where the tables of the dynamic section lie."""

    START = "start"
    END = "end"


class HashTables(Enum):
    """Which tables lead to the symbols, and tell their number."""

    GNU = "gnu"
    SYSV = "sysv"
    BOTH = "both"
    NONE = "none"


@dataclass(frozen=True)
class ElfPlan:
    """What a file shall say of itself; `stack_flags` None leaves PT_GNU_STACK out."""

    bits: int = 64
    is_little_endian: bool = True
    machine: int = X86_64
    type: int = SHARED
    interpreter: str | None = None
    soname: str | None = None
    needed: tuple[str, ...] = ()
    rpath: str | None = None
    runpath: str | None = None
    flags: int = 0
    flags_1: int = 0
    is_dynamic: bool = True
    required_versions: tuple[NeededVersion, ...] = ()
    provided_versions: tuple[str, ...] = ()
    undefined: tuple[UndefinedSymbol, ...] = ()
    """A version must be among the required ones."""
    exports: tuple[str, ...] = ()
    stack_flags: int | None = READ | WRITE
    isa_needed: int = 0
    minimum_kernel: str | None = None
    build_id: str | None = None
    has_relr: bool = False
    forward_compatibility: str | None = None
    sections: Mapping[str, bytes] = field(default_factory=dict)
    """More sections, such as `.nv_fatbin`, behind the code."""
    code: bytes = b"\xc3" * 64
    """What stands for the code; a long one moves apart what lies before and behind it."""
    layout: Layout = Layout.START
    hash_tables: HashTables = HashTables.GNU
    has_section_table: bool = True


def write_elf(plan: ElfPlan | None = None) -> bytes:
    """The file's bytes."""
    return _Writer(plan or ElfPlan()).write()


class _Writer:
    def __init__(self, plan: ElfPlan) -> None:
        self.plan = plan
        self.form = ElfForm(plan.bits, plan.is_little_endian)
        self.content = bytearray()
        self.places: dict[str, tuple[int, int]] = {}
        self.addresses: dict[str, int] = {}
        self.segments: list[tuple[int, int, tuple[int, int, int], int]] = []

    def write(self) -> bytes:
        plan, form = self.plan, self.form
        tables = self._tables() if plan.is_dynamic else {}
        notes = _write_notes(plan, form)
        head = {".interp": plan.interpreter.encode() + b"\0"} if plan.interpreter else {}
        front = head | notes | (tables if plan.layout is Layout.START else {})
        dynamic = bytes(form.word * 2 * len(self._entries())) if plan.is_dynamic else b""
        back = {".dynamic": dynamic} if plan.is_dynamic else {}
        self.content += bytes(form.header_size + form.segment_size * 12)
        self._load(READ, front, delta=0, start=0)
        self._load(READ | EXECUTE, {".text": plan.code}, delta=PAGE)
        self._load(READ, plan.sections, delta=2 * PAGE)
        self._load(READ | WRITE, back | (tables if plan.layout is Layout.END else {}), delta=16 * PAGE)
        if plan.is_dynamic:
            offset, size = self.places[".dynamic"]
            word = form.order + ("Q" if form.bits == 64 else "I")
            packed = b"".join(struct.pack(word, number) for pair in self._entries() for number in pair)
            self.content[offset : offset + size] = packed
        self._write_segments()
        section_table = self._write_sections() if plan.has_section_table else (0, 0, 0)
        self.content[: form.header_size] = form.header(plan.type, plan.machine, len(self.segments), section_table)
        return bytes(self.content)

    def _tables(self) -> dict[str, bytes]:
        """The tables; names are put into the string table as they come."""
        plan, form = self.plan, self.form
        self.strings = strings = Strings()
        kinds = plan.hash_tables
        required, numbers = write_verneed(form, strings, plan.required_versions, first=2 + len(plan.provided_versions))
        symbols, versions, exports = write_symbols(form, strings, plan.undefined, plan.exports, numbers)
        provided = write_verdef(form, strings, plan.soname or "", plan.provided_versions)
        for text in (*plan.needed, plan.soname, plan.rpath, plan.runpath):
            strings.add(text or "")
        first = 1 + len(plan.undefined)
        tables = {
            ".gnu.hash": write_gnu_hash(form, exports, first) if kinds in {HashTables.GNU, HashTables.BOTH} else b"",
            ".hash": write_hash(form, first + len(exports)) if kinds in {HashTables.SYSV, HashTables.BOTH} else b"",
            ".dynsym": symbols,
            ".dynstr": strings.content,
            ".gnu.version": versions if plan.required_versions or plan.provided_versions else b"",
            ".gnu.version_d": provided,
            ".gnu.version_r": required,
        }
        return {name: content for name, content in tables.items() if content}

    def _entries(self) -> list[tuple[int, int]]:
        """The dynamic section's entries; addresses are right once the tables are placed."""
        plan, texts, address = self.plan, self.strings.offsets, self.addresses.get
        entries = [(1, texts[name]) for name in plan.needed]
        for tag, text in ((14, plan.soname), (15, plan.rpath), (29, plan.runpath)):
            entries += [(tag, texts[text])] if text is not None else []
        if plan.hash_tables in {HashTables.SYSV, HashTables.BOTH}:
            entries.append((4, address(".hash", 0)))
        if plan.hash_tables in {HashTables.GNU, HashTables.BOTH}:
            entries.append((0x6FFFFEF5, address(".gnu.hash", 0)))
        entries += [(5, address(".dynstr", 0)), (6, address(".dynsym", 0))]
        entries += [(10, len(self.strings.content)), (11, self.form.symbol_size)]
        entries += [(30, plan.flags)] if plan.flags else []
        entries += [(0x6FFFFFFB, plan.flags_1)] if plan.flags_1 else []
        entries += [(36, 0), (35, 0), (37, self.form.word)] if plan.has_relr else []
        if plan.required_versions or plan.provided_versions:
            entries.append((0x6FFFFFF0, address(".gnu.version", 0)))
        if plan.provided_versions:
            entries += [(0x6FFFFFFC, address(".gnu.version_d", 0)), (0x6FFFFFFD, len(plan.provided_versions) + 1)]
        if plan.required_versions:
            libraries = {each.library for each in plan.required_versions}
            entries += [(0x6FFFFFFE, address(".gnu.version_r", 0)), (0x6FFFFFFF, len(libraries))]
        return [*entries, (0, 0)]

    def _load(self, flags: int, parts: Mapping[str, bytes], *, delta: int, start: int | None = None) -> None:
        """One loaded segment with these parts, each aligned; addresses are `delta` above offsets."""
        self.content += bytes(-len(self.content) % 16)
        begin = len(self.content) if start is None else start
        for name, content in parts.items():
            self.content += bytes(-len(self.content) % 8)
            self.places[name] = (len(self.content), len(content))
            self.addresses[name] = len(self.content) + delta
            self.content += content
        if parts or start is not None:
            self.segments.append((_LOAD, flags, (begin, begin + delta, len(self.content) - begin), 8))

    def _write_segments(self) -> None:
        kinds = {".interp": _INTERP, ".note": _NOTE, ".note.gnu.property": _NOTE, ".dynamic": _DYNAMIC}
        for name, kind in kinds.items():
            if name in self.places:
                offset, size = self.places[name]
                align = 4 if name == ".note" else self.form.word
                self.segments.append((kind, READ, (offset, self.addresses[name], size), align))
        if self.plan.stack_flags is not None:
            self.segments.append((_STACK, self.plan.stack_flags, (0, 0, 0), 16))
        packed = b"".join(self.form.segment(*segment) for segment in self.segments)
        start = self.form.header_size
        self.content[start : start + len(packed)] = packed

    def _write_sections(self) -> tuple[int, int, int]:
        """Write the section table; return its offset, the number of sections, and that of the names' section."""
        names = [*self.places, ".shstrtab"]
        table = Strings()
        for name in names:
            table.add(name)
        self.places[".shstrtab"] = (len(self.content), len(table.content))
        self.content += table.content
        self.content += bytes(-len(self.content) % 8)
        offset = len(self.content)
        self.content += self.form.section(0, 0, (0, 0, 0), (0, 0, 0))
        for name in names:
            kind = _TYPES.get(name, _SHT_NOTE if name.startswith(".note") else _PROGBITS)
            link = names.index(_LINKS[name]) + 1 if name in _LINKS else 0
            place = (self.addresses.get(name, 0), *self.places[name])
            details = (link, *self._counts().get(name, (0, 0)))
            self.content += self.form.section(table.offsets[name], kind, place, details)
        return offset, len(names) + 1, len(names)

    def _counts(self) -> dict[str, tuple[int, int]]:
        """What section headers say beside the place: a count or the first global symbol, and the size of an entry."""
        libraries = {each.library for each in self.plan.required_versions}
        return {
            ".dynsym": (1, self.form.symbol_size),
            ".dynamic": (0, 2 * self.form.word),
            ".gnu.version": (0, 2),
            ".gnu.version_d": (len(self.plan.provided_versions) + 1, 0),
            ".gnu.version_r": (len(libraries), 0),
            ".hash": (0, 4),
        }


def _write_notes(plan: ElfPlan, form: ElfForm) -> dict[str, bytes]:
    """The notes by section, those without content left out; the last one lies in no segment of notes."""
    plain = b""
    if plan.minimum_kernel is not None:
        numbers = [int(part) for part in plan.minimum_kernel.split(".")]
        plain += form.note(b"GNU\0", 1, struct.pack(form.order + "4I", 0, *numbers))
    if plan.build_id is not None:
        plain += form.note(b"GNU\0", 3, bytes.fromhex(plan.build_id))
    notes = {".note": plain}
    if plan.isa_needed:
        content = struct.pack(form.order + "III", 0xC0008002, 4, plan.isa_needed)
        notes[".note.gnu.property"] = form.note(b"GNU\0", 5, content + bytes(-len(content) % form.word))
    if plan.forward_compatibility is not None:
        name, text = b"NVIDIA Corporation\0", plan.forward_compatibility.encode()
        notes[".note.cuda.fwd_compatibility"] = form.note(name, 1, text)
    return {name: content for name, content in notes.items() if content}
