"""The contents of an archive that passes by once: small documents are kept, layers are handed on as they come."""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

from layerscope.errors import SourceError
from layerscope.image.layer import ByteStream
from layerscope.image.manifest import MAX_DOCUMENT_SIZE
from layerscope.sources.contents import NamedContents, StoredBytes
from layerscope.sources.members import MemberTable
from layerscope.sources.outer_compression import find_packing
from layerscope.sources.outer_header import BLOCK, Member, has_valid_checksum, is_zero_block

MAX_KEPT_SIZE: Final = 64 << 20
"""Bytes of documents kept in memory; an image with all its attestations has some MiB."""

_LAYER_SUFFIXES: Final = (".tar", ".tar.gz", ".tar.zst", ".tar.xz", ".tar.bz2")
_WHITE_SPACE: Final = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class KeptBytes:
    """A small member, kept in memory."""

    name: str
    content: bytes
    expected: int
    stamp: None = None

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self.content)

    def open(self) -> ByteStream:
        """Open them from the start."""
        return BytesIO(self.content)

    def open_range(self, offset: int, size: int) -> ByteStream:
        """Open some of them."""
        return BytesIO(self.content[offset : offset + size])


@dataclass(frozen=True, slots=True)
class PassedBytes:
    """A member that passed by and cannot be read again."""

    name: str
    size: int
    expected: int
    where: str
    stamp: None = None

    def open(self) -> ByteStream:
        """Raise SourceError: the bytes are gone."""
        raise SourceError(f"opening {self.name} of {self.where} again: it could be read only once, as it passed by")

    def open_range(self, offset: int, size: int) -> ByteStream:
        """Raise SourceError: the bytes are gone."""
        del offset, size
        return self.open()


class PassingArchive(NamedContents):
    """An archive of which only members that were kept can be read; `length` is what was there in all."""

    def __init__(self, where: str) -> None:
        """Start empty; `where` names the archive in errors."""
        self.where = where
        self.table = MemberTable(where)
        self.damage: str | None = None
        self.length = 0
        self._kept: dict[str, bytes] = {}
        self._kept_size = 0

    def is_keepable(self, member: Member) -> bool:
        """Tell whether a member is small enough to be kept."""
        return member.size <= MAX_DOCUMENT_SIZE and self._kept_size + member.size <= MAX_KEPT_SIZE

    def keep(self, name: str, content: bytes) -> None:
        """Keep a member's bytes."""
        self._kept[name] = content
        self._kept_size += len(content)

    def find_kept(self, name: str) -> bytes | None:
        """Return the bytes of a member that was kept, by its own name."""
        return self._kept.get(name)

    def find(self, name: str) -> StoredBytes | None:
        """Return what was kept under a name or only passed by, links followed; None where nothing has it."""
        found = self.table.resolve(name)
        if found is None:
            return None
        place, member = found
        kept = self.find_kept(place)
        if kept is not None:
            return KeptBytes(place, kept, member.size)
        return PassedBytes(place, member.count_bytes(self.length), member.size, self.where)


def looks_like_layer(name: str, head: bytes) -> bool:
    """Tell whether a member may be a layer, by its name or its first block: a tar, plain or compressed."""
    return (
        name.endswith(_LAYER_SUFFIXES)
        or find_packing(head) is not None
        or has_valid_checksum(head)
        or (len(head) == BLOCK and is_zero_block(head))
    )


def looks_like_document(head: bytes) -> bool:
    """Tell whether a member's first bytes could be JSON."""
    return head.lstrip(_WHITE_SPACE)[:1] in (b"{", b"[", b"")
