"""Entry: one tar member of a layer, as data."""

from collections.abc import Mapping
from enum import IntEnum

from msgspec import Struct


class EntryType(IntEnum):
    """What an entry is; whiteouts are types of their own, with the path they act on."""

    FILE = ord("f")
    DIRECTORY = ord("d")
    SYMLINK = ord("l")
    HARDLINK = ord("h")
    CHARACTER_DEVICE = ord("c")
    BLOCK_DEVICE = ord("b")
    FIFO = ord("p")
    WHITEOUT = ord("w")
    """`.wh.NAME`: removes NAME, which is the entry's path, from the layers below."""
    OPAQUE = ord("o")
    """`.wh..wh..opq`: hides everything that lower layers put in the directory that is the entry's path."""


ENTRY_TYPES = {int(kind): kind for kind in EntryType}
"""Types by number; a look-up takes a tenth of the time of `EntryType(number)`."""

WHITEOUTS = frozenset({EntryType.WHITEOUT, EntryType.OPAQUE})
DEVICES = frozenset({EntryType.CHARACTER_DEVICE, EntryType.BLOCK_DEVICE})


class Entry(Struct, frozen=True):
    """One tar member.

    `path` is normalised, without a leading slash; the root directory is the empty path. Bytes that are not UTF-8 stand
    in it as lone surrogates (`surrogateescape`). `link` is the symlink's target as written, or the normalised path that
    a hard link points to. `size` is in bytes (0 for all but files; the logical size of a sparse file), `mtime_ns` in
    nanoseconds since 1970, `digest` the raw SHA-256 of a file's content, `offset` where the content lies in the tar.
    """

    path: str
    type: EntryType
    mode: int
    uid: int
    gid: int
    size: int
    mtime_ns: int
    link: str | None
    digest: bytes | None
    xattrs: Mapping[str, bytes]
    device: tuple[int, int] | None
    offset: int


class Anomaly(Struct, frozen=True):
    """Something about a layer's tar that runtimes refuse, read differently, or would not write.

    `kind` is one of the constants of `layers.anomaly`; `offset` is where the header lies in the uncompressed tar.
    """

    kind: str
    path: str
    detail: str
    offset: int
