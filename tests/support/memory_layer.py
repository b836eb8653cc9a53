"""A layer whose stored bytes are in memory, or in a file, with any claims one likes."""

import io
from dataclasses import dataclass, field
from pathlib import Path

from layerscope.errors import SourceError
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.layer import ByteStream, Stamp
from layerscope.image.mediatype import MediaType


@dataclass(frozen=True)
class MemoryLayer:
    """Claims and bytes of a layer; `opened` counts how often somebody read it, `fails` breaks after so many bytes."""

    name: str
    stored: bytes
    diff_id: Digest
    descriptor: Descriptor | None = None
    stamp: Stamp | None = None
    absent: str | None = None
    fails: int | None = None
    suits_workers: bool = False
    is_addressed: bool = False
    opened: list[str] = field(default_factory=list)

    @property
    def stored_size(self) -> int | None:
        """The size of the bytes there are."""
        return len(self.stored)

    def open(self) -> ByteStream:
        """Open the bytes from the start."""
        self.opened.append(self.name)
        return io.BytesIO(self.stored) if self.fails is None else BrokenStream(self.stored, self.fails)

    def open_range(self, offset: int, size: int) -> ByteStream:
        """Open some of the bytes."""
        return io.BytesIO(self.stored[offset : offset + size])


class BrokenStream(io.BytesIO):
    """A stream whose disk fails after so many bytes."""

    def __init__(self, content: bytes, fails: int) -> None:
        """Fail once `fails` bytes were read."""
        super().__init__(content)
        self._fails = fails

    def read(self, size: int | None = -1, /) -> bytes:
        """Read on, or fail."""
        if self.tell() >= self._fails:
            raise SourceError(f"reading byte {self.tell()}: the disk failed")
        return super().read(size)


def claim(stored: bytes, media_type: str = "application/vnd.oci.image.layer.v1.tar+gzip") -> Descriptor:
    """The true descriptor of a blob."""
    return Descriptor(MediaType(media_type), Digest.of(stored), len(stored))


def stamp_of(path: Path) -> Stamp:
    """The stamp of a whole file."""
    status = path.stat()
    return Stamp(
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, 0, status.st_size
    )
