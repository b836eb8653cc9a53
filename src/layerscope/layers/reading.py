"""Reading one layer: its stored bytes, once, to a LayerScan."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Self

from layerscope.errors import LayerDamageError, SourceError, TransferError
from layerscope.image.digest import Digest
from layerscope.image.layer import ByteStream
from layerscope.layers.compression import CorruptError, Decompressor, TruncatedStreamError
from layerscope.layers.extractor import AnyExtractor
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.far_hash import hash_far
from layerscope.layers.limits import MIB, LimitPassedError, Limits
from layerscope.layers.scan import BlobScan, Compression, Damage, DamageKind, LayerScan, Proof
from layerscope.layers.stages import Sink, Stage
from layerscope.layers.tar_scanner import TarScanner
from layerscope.layers.toc.place import FOOTER_WINDOW, TablePlace, parse_footer
from layerscope.progress import Progress, SilentProgress

COMPRESSED_CHUNK = MIB
"""Stored bytes read at a time, to be decompressed; what comes out of them is bounded on its own."""
PLAIN_CHUNK = 2 * MIB
"""Plain bytes read at a time (a tenth less CPU than 256 KiB in two runs each): few files lie across two chunks."""


class ReadingStoppedError(Exception):
    """Somebody asked for the reading to stop."""


@dataclass(frozen=True)
class Reading:
    """How layers are read: what is kept of files, ceilings, who watches, and who may stop it."""

    extractors: tuple[AnyExtractor, ...] = ()
    limits: Limits = field(default_factory=Limits)
    progress: Progress = field(default_factory=SilentProgress)
    stopped: threading.Event = field(default_factory=threading.Event)


class StoredBytes:
    """The stored bytes of a layer as chunks, hashed and counted on the way.

    With `staged`, a thread hashes them until `hash_here`; the context is left when it has.
    """

    def __init__(self, stream: ByteStream, key: str, reading: Reading, *, staged: bool = False) -> None:
        """Read `stream`, telling progress under `key`."""
        self._stream = stream
        self._key = key
        self._reading = reading
        self._hash = hashlib.sha256()
        self._sink = Sink() if staged else None
        self._update = partial(hash_far, self._hash.update)
        self._show = partial(self._sink.put, self._update) if self._sink else self._update
        self.size = 0
        self._latest = self._before = b""
        self.chunk_size = COMPRESSED_CHUNK

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sink is not None:
            self._sink.finish()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._reading.stopped.is_set():
            raise ReadingStoppedError
        chunk = self._stream.read(self.chunk_size)
        if not chunk:
            raise StopIteration
        self.size += len(chunk)
        self._before, self._latest = self._latest, chunk
        self._show(chunk)
        self._reading.progress.advance(self._key, len(chunk))
        return chunk

    def hash_here(self) -> None:
        """Hash what follows where it is read, while it is still in this core's cache."""
        if self._sink is not None:
            self._sink.finish()
            self._sink = None
        self._show = self._update

    def find_table(self) -> TablePlace | None:
        """Where the blob's end, once it was read, says that a table of contents lies."""
        return parse_footer((self._before + self._latest)[-FOOTER_WINDOW:], self.size)

    def digest(self) -> Digest:
        """The SHA-256 of all that was read; known outside the context."""
        return Digest("sha256", self._hash.hexdigest())


def hash_stored(stream: ByteStream, key: str, reading: Reading) -> BlobScan:
    """Digest and size of the stored bytes alone, without looking into them."""
    with closing(stream):
        stored = StoredBytes(stream, key, reading)
        stored.chunk_size = PLAIN_CHUNK
        for _ in stored:
            pass
    return BlobScan(stored.digest(), stored.size, Compression.NONE)


def read_layer(stream: ByteStream, key: str, reading: Reading, *, staged: bool = False) -> LayerScan:
    """Read a layer to its end and close it.

    With `staged`, reading and decompressing, the digests, and the scan run in threads of their own: for a layer
    that is too large to wait for, beside which there is little else to do.
    """
    extractors = ExtractorSet(reading.extractors)
    with closing(stream), StoredBytes(stream, key, reading, staged=staged) as stored:
        try:
            decompressor = Decompressor(stored)
        except TransferError:
            raise
        except (SourceError, LayerDamageError, OSError) as error:
            return _unreadable(error, reading)
        plain = decompressor.compression is Compression.NONE
        if plain:
            stored.chunk_size = PLAIN_CHUNK
            stored.hash_here()
        scanner, damage, diff_id = (_scan_staged if staged else _scan_inline)(
            decompressor, extractors, reading.limits, is_hashed=plain
        )
        is_whole = _read_rest(stored, damage)
    if not is_whole:
        return LayerScan(None, None, scanner.index(), extractors.extracts, damage, Proof.NONE)
    blob = BlobScan(
        stored.digest(),
        stored.size,
        decompressor.compression,
        decompressor.frames or 1,
        decompressor.trailing,
        None if plain else stored.find_table(),
    )
    if plain and (damage is None or damage.kind is not DamageKind.LIMIT):
        diff_id = blob.digest
    return LayerScan(diff_id, blob, scanner.index(), extractors.extracts, damage, Proof.READ)


class _TarBytes:
    """The chunks of a tar, counted against the ceiling and shown to a hash; `complete` once the last one is out."""

    def __init__(self, chunks: Iterable[bytes], ceiling: int, show: Callable[[bytes], object] | None) -> None:
        self._chunks = chunks
        self._ceiling = ceiling
        self._show = show
        self.complete = False

    def __iter__(self) -> Iterator[bytes]:
        size, show = 0, self._show
        for chunk in self._chunks:
            size += len(chunk)
            if size > self._ceiling:
                detail = f"more than {self._ceiling:,} uncompressed bytes, the limit for one layer (--max-layer-size)"
                raise LimitPassedError(detail)
            if show is not None:
                show(chunk)
            yield chunk
        self.complete = True


def _scan_inline(
    decompressor: Decompressor, extractors: ExtractorSet, limits: Limits, *, is_hashed: bool
) -> tuple[TarScanner, Damage | None, Digest | None]:
    diff = hashlib.sha256()
    show = None if is_hashed else partial(hash_far, diff.update)
    tar = _TarBytes(decompressor.iter_chunks(), limits.layer_size, show)
    scanner, damage = _scan(tar, extractors, limits)
    return scanner, damage, Digest("sha256", diff.hexdigest()) if tar.complete else None


def _scan_staged(
    decompressor: Decompressor, extractors: ExtractorSet, limits: Limits, *, is_hashed: bool
) -> tuple[TarScanner, Damage | None, Digest | None]:
    diff = hashlib.sha256()
    with (
        Stage(decompressor.iter_chunks()) as stage,
        Sink() as sink,
        Sink() as files,
    ):
        show = None if is_hashed else partial(sink.put, partial(hash_far, diff.update))
        tar = _TarBytes(stage, limits.layer_size, show)
        scanner, damage = _scan(tar, extractors, limits, files)
        sink.finish()
    return scanner, damage, Digest("sha256", diff.hexdigest()) if tar.complete else None


def _scan(
    tar: _TarBytes, extractors: ExtractorSet, limits: Limits, files: Sink | None = None
) -> tuple[TarScanner, Damage | None]:
    chunks = iter(tar)
    scanner = TarScanner(chunks, extractors, limits, files)
    damage = scanner.run()
    if damage is not None:
        # a tar that stops making sense may still be the tar that was built: its digest tells
        try:
            for _ in chunks:
                pass
        except TransferError:
            raise
        except (CorruptError, TruncatedStreamError, LimitPassedError, SourceError, LayerDamageError, OSError):
            pass
    return scanner, damage


def _read_rest(stored: StoredBytes, damage: Damage | None) -> bool:
    """Read what damage left unread, so that the blob's own digest is known; False where that is impossible."""
    if damage is None:
        return True
    if damage.kind in {DamageKind.LIMIT, DamageKind.UNREADABLE}:
        return False
    try:
        for _ in stored:
            pass
    except TransferError:
        raise
    except (SourceError, LayerDamageError, OSError):
        return False
    return True


def _unreadable(error: Exception, reading: Reading) -> LayerScan:
    scanner = TarScanner(iter(()), ExtractorSet(()), reading.limits)
    return LayerScan(None, None, scanner.index(), {}, Damage(DamageKind.UNREADABLE, str(error), 0), Proof.NONE)
