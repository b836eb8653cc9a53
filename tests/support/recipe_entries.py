"""What a recipe says of a layer's entries, and the tar members that it becomes."""

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote

import msgspec

from support.recipe_elf import ElfTable, write_elf_table
from support.tar_writer import Kind, Sparse, TarMember, opaque, sparse_file, whiteout

NUMBER: Final = re.compile(r"\{n(?::0(\d+))?\}")
"""Where a repeated entry's number goes: `{n}`, or `{n:04}` filled with zeros."""

KINDS: Final = {
    "file": Kind.FILE,
    "dir": Kind.DIRECTORY,
    "symlink": Kind.SYMLINK,
    "hardlink": Kind.HARDLINK,
    "char": Kind.CHARACTER_DEVICE,
    "block": Kind.BLOCK_DEVICE,
    "fifo": Kind.FIFO,
    "whiteout": Kind.FILE,
    "opaque": Kind.FILE,
}
MODES: Final = {"dir": 0o755, "symlink": 0o777}


class RecipeError(ValueError):
    """A recipe that makes no sense."""


class EntryTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry: the key that says what it is holds its path, the others what is in it."""

    file: str | None = None
    dir: str | None = None
    symlink: str | None = None
    hardlink: str | None = None
    char: str | None = None
    block: str | None = None
    fifo: str | None = None
    whiteout: str | None = None
    opaque: str | None = None
    target: str = ""
    device: tuple[int, int] = (0, 0)
    text: str | None = None
    base64: str | None = None
    elf: ElfTable | None = None
    size: int | None = None
    pattern: str | None = None
    seed: str | int | None = None
    sparse: Sparse | None = None
    segments: tuple[tuple[int, str], ...] = ()
    mode: int | None = None
    uid: int = 0
    gid: int = 0
    mtime: datetime | None = None
    mtime_ns: int | None = None
    xattrs: dict[str, str] = {}
    records: dict[str, str] = {}
    fields: dict[str, str] = {}
    escaped: bool = False
    """Names hold `%ff` for bytes that TOML cannot spell."""
    count: int | None = None
    """How often the entry is repeated, with `{n}` in its names and its text."""

    @property
    def kind(self) -> str:
        """The key that says what the entry is."""
        given = [name for name in KINDS if getattr(self, name) is not None]
        if len(given) != 1:
            raise RecipeError(f"an entry is one of {', '.join(KINDS)}; this one is {given or 'none'}")
        return given[0]


def iter_members(entry: EntryTable, *, written: datetime) -> Iterator[TarMember]:
    """The members that an entry stands for; `written` is their time where it gives none."""
    if entry.count is None:
        yield _member(entry, None, written)
        return
    for number in range(entry.count):
        yield _member(entry, number, written)


def nanoseconds(moment: datetime) -> int:
    """A moment as nanoseconds since 1970; one without a time zone is meant in UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp()) * 1_000_000_000 + aware.microsecond * 1000


def _member(entry: EntryTable, number: int | None, written: datetime) -> TarMember:
    kind = entry.kind
    name = _name(getattr(entry, kind), number, escaped=entry.escaped)
    if kind == "dir":
        name = name.rstrip("/") + "/"
    if kind == "whiteout":
        name = whiteout(name).name
    if kind == "opaque":
        name = opaque(name).name
    moment = nanoseconds(entry.mtime or written) if entry.mtime_ns is None else entry.mtime_ns
    member = TarMember(
        name,
        kind=KINDS[kind],
        content=_content(entry, number) if kind == "file" else b"",
        mode=MODES.get(kind, 0o644) if entry.mode is None else entry.mode,
        uid=entry.uid,
        gid=entry.gid,
        mtime_ns=moment,
        link=_name(entry.target, number, escaped=entry.escaped),
        device=entry.device,
        xattrs={key: _bytes(value) for key, value in entry.xattrs.items()},
        records={key: _bytes(value) for key, value in entry.records.items()},
        fields={key: value.encode("latin-1") for key, value in entry.fields.items()},
    )
    return member if entry.sparse is None else _sparse(entry, member, entry.sparse)


def _sparse(entry: EntryTable, member: TarMember, sparse: Sparse) -> TarMember:
    segments = tuple((offset, text.encode()) for offset, text in entry.segments)
    mode, uid, gid, moment = member.mode, member.uid, member.gid, member.mtime_ns
    return sparse_file(member.name, segments, entry.size or 0, sparse, mode=mode, uid=uid, gid=gid, mtime_ns=moment)


def _content(entry: EntryTable, number: int | None) -> bytes:
    """A file's bytes: text, base64, an ELF object, or `size` bytes of a pattern, of noise from a seed, or of zeros."""
    if entry.text is not None:
        return _numbered(entry.text, number).encode()
    if entry.base64 is not None:
        return base64.b64decode(entry.base64, validate=True)
    if entry.elf is not None:
        return write_elf_table(entry.elf)
    size = entry.size or 0
    if entry.pattern:
        pattern = _numbered(entry.pattern, number).encode()
        return (pattern * (size // len(pattern) + 1))[:size]
    if entry.seed is not None:
        return hashlib.shake_256(_numbered(str(entry.seed), number).encode()).digest(size)
    return bytes(size)


def _name(text: str, number: int | None, *, escaped: bool) -> str:
    numbered = _numbered(text, number)
    return unquote(numbered, errors="surrogateescape") if escaped else numbered


def _numbered(text: str, number: int | None) -> str:
    if number is None:
        return text
    return NUMBER.sub(lambda place: str(number).zfill(int(place[1] or 0)), text)


def _bytes(value: str) -> bytes:
    """The bytes of an attribute: its text, or what follows `base64:`."""
    return base64.b64decode(value[7:], validate=True) if value.startswith("base64:") else value.encode()
