"""ContentHashes: the SHA-256 of files as they pass, computed where they are read or in a thread beside it."""

import hashlib
from functools import partial
from typing import Final

from layerscope.layers.columns import Columns
from layerscope.layers.far_hash import hash_far
from layerscope.layers.limits import MIB
from layerscope.layers.stages import Sink

WORTH_A_THREAD: Final = MIB
"""Bytes of a file below which handing its pieces over costs more than it saves, in time and in what has to wait."""


class ContentHash:
    """That of one file."""

    def __init__(self, sink: Sink | None) -> None:
        """Hash nothing yet."""
        self._hash = hashlib.sha256()
        self._sink = sink

    @property
    def is_pending(self) -> bool:
        """Whether pieces may still wait to be hashed."""
        return self._sink is not None

    def update(self, piece: memoryview) -> None:
        """Take the next piece; what waits is a copy where it is little of a chunk, all of which would wait with it."""
        if self._sink is None:
            self._hash.update(piece)
        else:
            kept = piece if 2 * len(piece) >= memoryview(piece.obj).nbytes else bytes(piece)
            self._sink.put(partial(hash_far, self._hash.update), kept)

    def digest(self) -> bytes:
        """The digest of all pieces, once the sink has ended."""
        return self._hash.digest()


class ContentHashes:
    """Puts digests into the columns, at the latest when it is settled."""

    def __init__(self, columns: Columns, sink: Sink | None) -> None:
        """Hash larger files in the sink's thread, if there is one: of those that do not lie whole in one chunk."""
        self._columns, self._sink = columns, sink
        self._pending: list[tuple[int, ContentHash]] = []

    def open_file(self, size: int) -> ContentHash:
        """What takes the pieces of a file of that size; nothing is left of it if it is not kept."""
        return ContentHash(self._sink if size >= WORTH_A_THREAD else None)

    def keep(self, position: int, content: ContentHash) -> None:
        """Keep the digest of the entry at that position, all of whose content was taken."""
        if content.is_pending:
            self._pending.append((position, content))
        else:
            self._columns.set_digest(position, content.digest())

    def settle(self) -> None:
        """Wait for the sink, after which no file may be opened, and put in what it was busy with."""
        if self._sink is not None:
            self._sink.finish()
        for position, content in self._pending:
            self._columns.set_digest(position, content.digest())
        self._pending.clear()
