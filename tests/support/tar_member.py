"""TarMember: one member of a tar as a test wants it written, with constructors for each kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypedDict, Unpack


class Kind(Enum):
    """What a member is, with the type flag that ustar gives it."""

    FILE = b"0"
    HARDLINK = b"1"
    SYMLINK = b"2"
    CHARACTER_DEVICE = b"3"
    BLOCK_DEVICE = b"4"
    DIRECTORY = b"5"
    FIFO = b"6"


class Sparse(Enum):
    """How the holes of a file are left out: four ways that GNU tar has written through the years."""

    OLD_GNU = "old-gnu"
    PAX_00 = "pax-0.0"
    PAX_01 = "pax-0.1"
    PAX_10 = "pax-1.0"


class Attributes(TypedDict, total=False):
    """What every constructor below accepts beside the name."""

    mode: int
    uid: int
    gid: int
    uname: str
    gname: str
    mtime_ns: int
    xattrs: Mapping[str, bytes]
    records: Mapping[str, bytes]
    fields: Mapping[str, bytes]


@dataclass(frozen=True)
class TarMember:
    """One member, written exactly so: nothing is normalised and no slash is added.

    Names and links hold bytes that are not UTF-8 as lone surrogates (`surrogateescape`). `segments` are the (offset,
    length) pieces of `content` that a sparse file stores; the bytes between them must be zero. `records` are more PAX
    records (`KEY#N` writes a key that repeats) and `fields` raw bytes for header fields, by the names of
    `tar_header.FIELDS`: for members that lie.
    """

    name: str
    kind: Kind = Kind.FILE
    content: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    uname: str = ""
    gname: str = ""
    mtime_ns: int = 0
    link: str = ""
    device: tuple[int, int] = (0, 0)
    xattrs: Mapping[str, bytes] = field(default_factory=dict)
    sparse: Sparse | None = None
    segments: tuple[tuple[int, int], ...] = ()
    records: Mapping[str, bytes] = field(default_factory=dict)
    fields: Mapping[str, bytes] = field(default_factory=dict)


def file(name: str, content: bytes = b"", **attributes: Unpack[Attributes]) -> TarMember:
    """A regular file."""
    return TarMember(name, content=content, **attributes)


def directory(name: str, **attributes: Unpack[Attributes]) -> TarMember:
    """A directory, its name closed with a slash as tar programs do."""
    attributes.setdefault("mode", 0o755)
    return TarMember(name if name.endswith("/") else name + "/", kind=Kind.DIRECTORY, **attributes)


def symlink(name: str, target: str, **attributes: Unpack[Attributes]) -> TarMember:
    """A symbolic link to `target`, as written."""
    attributes.setdefault("mode", 0o777)
    return TarMember(name, kind=Kind.SYMLINK, link=target, **attributes)


def hardlink(name: str, target: str, **attributes: Unpack[Attributes]) -> TarMember:
    """A hard link to the member `target`."""
    return TarMember(name, kind=Kind.HARDLINK, link=target, **attributes)


def fifo(name: str, **attributes: Unpack[Attributes]) -> TarMember:
    """A named pipe."""
    return TarMember(name, kind=Kind.FIFO, **attributes)


def device(name: str, major: int, minor: int, *, block: bool = False, **attributes: Unpack[Attributes]) -> TarMember:
    """A character device, or a block device."""
    kind = Kind.BLOCK_DEVICE if block else Kind.CHARACTER_DEVICE
    return TarMember(name, kind=kind, device=(major, minor), **attributes)


def whiteout(path: str, **attributes: Unpack[Attributes]) -> TarMember:
    """The whiteout that removes `path` from the layers below."""
    parent, slash, name = path.rpartition("/")
    return TarMember(f"{parent}{slash}.wh.{name}", **attributes)


def opaque(path: str, **attributes: Unpack[Attributes]) -> TarMember:
    """The opaque whiteout of directory `path`: what lower layers put there is hidden."""
    return TarMember(f"{path}/.wh..wh..opq" if path else ".wh..wh..opq", **attributes)


def sparse_file(
    name: str,
    segments: tuple[tuple[int, bytes], ...],
    size: int,
    sparse: Sparse,
    **attributes: Unpack[Attributes],
) -> TarMember:
    """A file of `size` bytes that is zero but for its segments, given as (offset, bytes) in order.

    GNU tar reads only segments that are whole blocks but for the last; Python and Go read any.
    """
    content = bytearray(size)
    for offset, data in segments:
        content[offset : offset + len(data)] = data
    places = tuple((offset, len(data)) for offset, data in segments)
    return TarMember(name, content=bytes(content), sparse=sparse, segments=places, **attributes)
