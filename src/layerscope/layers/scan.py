"""LayerScan: everything that one reading of a layer proved."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct

from layerscope.image.digest import Digest
from layerscope.layers.index import LayerIndex
from layerscope.layers.toc.place import TablePlace
from layerscope.layers.toc.result import TableScan


class Compression(StrEnum):
    """How a blob is stored, told by its first bytes."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    XZ = "xz"
    BZIP2 = "bzip2"

    @property
    def is_standard(self) -> bool:
        """Whether the OCI image specification has a media type for layers that are stored so."""
        return self not in (Compression.XZ, Compression.BZIP2)

    @property
    def rewritten(self) -> "Compression":
        """How a layer that is stored so is stored in a new image: as it was, or by gzip, which every engine reads."""
        return self if self.is_standard else Compression.GZIP


class DamageKind(StrEnum):
    """Why a layer could not be read to its end."""

    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    LIMIT = "limit"
    UNREADABLE = "unreadable"


class Proof(StrEnum):
    """What a layer's digests rest on."""

    READ = "read"
    """Every byte was read and hashed now."""
    UNCHANGED = "unchanged"
    """The stored bytes were hashed earlier and their file has not changed since."""
    TABLE = "table"
    """Nothing: the layer is told from its table of contents, and only that was held against its digest."""
    CACHED = "cached"
    """The layer was proved earlier; its engine vouches that it still has the same one."""
    NONE = "none"
    """Not proved: the bytes were not here, or damage ended the reading."""


class Damage(Struct, frozen=True):
    """Where and why reading stopped; `offset` counts uncompressed bytes."""

    kind: DamageKind
    detail: str
    offset: int


class BlobScan(Struct, frozen=True):
    """The blob as stored: its SHA-256, its size, and its framing.

    `trailing` counts bytes after the last gzip member, zstd frame, xz or bzip2 stream that belong to none. `table` is
    where the blob's end says that a table of contents lies, if it does.
    """

    digest: Digest
    size: int
    compression: Compression
    frames: int = 1
    trailing: int = 0
    table: TablePlace | None = None


@dataclass(frozen=True)
class LayerScan:
    """One layer, read: what its bytes are (`blob`, `diff_id`), what they hold, and where reading failed.

    `blob` is None where no blob was read (the engine's directories, the cache). `extracts` holds, by extractor name and
    path, what extractors kept. With `damage`, the index holds the entries before it and `diff_id` is that of nothing.
    """

    diff_id: Digest | None
    blob: BlobScan | None
    index: LayerIndex
    extracts: Mapping[str, Mapping[str, object]]
    damage: Damage | None
    proof: Proof
    resumed_at: int = 0
    """Stored bytes that were not fetched: an earlier reading, which broke off, had left them here."""
    tables: tuple[TableScan, ...] = ()
    """The layer's tables of contents, compared with its tar."""
    uncompared: str | None = None
    """Why tables that the layer should have were not compared."""
