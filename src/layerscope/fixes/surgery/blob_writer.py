"""BlobWriter: a blob on its way into a folder of blobs, whose name is known at its end."""

import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from layerscope.image.digest import Digest
from layerscope.layers.far_hash import hash_far
from layerscope.layers.stages import Chunk


class BlobWriter:
    """Writes to a nameless place in a folder; `publish` gives the bytes the name that their digest asks for."""

    def __init__(self, folder: Path, *, is_hashed: bool = True) -> None:
        """Begin an empty file; what is not hashed here has to be told by its digest in the end."""
        self._folder = folder
        self._path = folder / f".writing-{os.getpid()}"
        self._file = self._path.open("xb", buffering=0)
        self._hash = hashlib.sha256() if is_hashed else None
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def write(self, piece: Chunk) -> int:
        """Write and hash a piece; returns its length."""
        view = memoryview(piece)
        if self._hash is not None:
            hash_far(self._hash.update, view)
        written = 0
        while written < len(view):
            written += self._file.write(view[written:])
        self.size += len(view)
        return len(view)

    def publish(self, known: Digest | None = None) -> Digest:
        """Name the blob, which has to be whole, and return its digest, which is `known` where it was not hashed."""
        digest = known if self._hash is None else Digest("sha256", self._hash.hexdigest())
        assert digest is not None, "what is not hashed here was hashed elsewhere"
        self._file.close()
        self._path.rename(self._folder / digest.hex)
        return digest
