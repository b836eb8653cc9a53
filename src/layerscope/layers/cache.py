"""LayerCache: what earlier passes proved about layers, so that none is read twice.

Everything in it can be computed again. An entry that is damaged, of another version or missing is a miss, and a folder
that cannot be read or written costs time but never an audit.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from layerscope.errors import CacheError
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.document import MAX_DOCUMENT_SIZE
from layerscope.image.layer import Stamp
from layerscope.layers.cache_limit import PRUNE_TARGET, CacheLimit
from layerscope.layers.cache_parts import SMALLEST_BLOB, Part
from layerscope.layers.cache_proofs import (
    ProvenBlob,
    decode_blob,
    decode_name,
    decode_stamp,
    encode_blob,
    encode_name,
    encode_stamp,
    hash_name,
    name_stamp,
)
from layerscope.layers.cache_record import INDEX_SCHEMA_VERSION, decode_record, encode_record
from layerscope.layers.cache_stacks import MAX_STACK_IMAGES, StackImage, decode_stack, encode_stack
from layerscope.layers.cache_store import BLOBS, DOCUMENTS, IMAGES, LAYERS, NAMES, STACKS, STAMPS, TABLES, CacheStore
from layerscope.layers.extractor import AnyExtractor
from layerscope.layers.index import LayerIndex
from layerscope.layers.limits import Limits

DEFAULT_MAX_BYTES: Final = 2 << 30
"""Two GiB: an entry takes about 130 bytes, so sixteen million entries, or the layers of a hundred large images."""

RACY_NS: Final = 2 * 10**9
"""A file that changed this recently may change again within one tick of its file system's clock.

As git's index: https://git-scm.com/docs/racy-git. FAT's ticks of two seconds are the coarsest.
"""

_LayerKnowledge = tuple[LayerIndex, Mapping[str, Mapping[str, object]]]
_Known = TypeVar("_Known")


def fingerprint(extractors: Iterable[AnyExtractor]) -> str:
    """Return what names the form of a cached layer: the index's schema and every extractor's name and version."""
    parts = sorted(f"{extractor.name}={extractor.version}" for extractor in extractors)
    return hashlib.sha256("\n".join((f"index={INDEX_SCHEMA_VERSION}", *parts)).encode()).hexdigest()[:16]


class LayerCache:
    """The cache folder, seen by one audit; safe to use from several threads, beside any number of processes.

    `read=False` finds nothing and renews what is stored, `write=False` leaves the folder as it is. `limits` are those
    of the layer pass.
    """

    def __init__(
        self,
        root: Path,
        *,
        fingerprint: str,
        max_bytes: int = DEFAULT_MAX_BYTES,
        read: bool = True,
        write: bool = True,
        limits: Limits | None = None,
    ) -> None:
        """Use the folder `root`, which is made when something is stored."""
        self._store = CacheStore(root)
        self._fingerprint = fingerprint
        self._limit = CacheLimit(self._store, max_bytes)
        self._max_bytes = max_bytes
        self._limits = limits or Limits()
        self._reads = read
        self._writes = write
        self._notes: dict[str, None] = {}
        self._loaded: dict[Digest, _LayerKnowledge] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong with the folder so far, one sentence each."""
        return tuple(self._notes)

    def add_notes(self, notes: Iterable[str]) -> None:
        """Add what went wrong where another process used the folder for the same audit."""
        self._notes.update(dict.fromkeys(notes))

    def load(self, diff_id: Digest) -> _LayerKnowledge | None:
        """Return what is known of a layer, if anything; a layer that passes the limits is not known but read again.

        Images that share a layer are given the very same index, by which others know it again.
        """
        known = self._loaded.get(diff_id) or self._load(diff_id)
        if known is None or not self._limits.admit(known[0].uncompressed_size, len(known[0]) + known[0].unused):
            return None
        self._loaded[diff_id] = known
        return known

    def _load(self, diff_id: Digest) -> _LayerKnowledge | None:
        name = self._layer_name(diff_id)
        body = self._read(LAYERS, name)
        if body is None:
            return None
        try:
            return decode_record(body)
        except CacheError as error:
            self._discard(LAYERS, name, error)
            return None

    def store(self, diff_id: Digest, index: LayerIndex, extracts: Mapping[str, Mapping[str, object]]) -> None:
        """Keep what was proved of a layer."""
        if not self._writes:
            return
        try:
            body = encode_record(index, extracts)
        except CacheError as error:
            self._note(str(error))
            return
        if len(body) <= self._max_bytes:
            self._write(LAYERS, self._layer_name(diff_id), body, durable=True)

    def has_layer(self, diff_id: Digest) -> bool:
        """Tell whether everything about that layer is already known, and hold it for `load`.

        A source may leave the layer's bytes behind on this word, so that it must hold even if the entry is pruned.
        """
        return self.load(diff_id) is not None

    def forget_layer(self, diff_id: Digest) -> None:
        """Forget a layer, so that nobody vouches for it again before it is read."""
        self._loaded.pop(diff_id, None)
        if self._writes:
            with suppress(OSError):
                self._store.remove(LAYERS, self._layer_name(diff_id))

    def find_document(self, digest: Digest) -> bytes | None:
        """Return the verified bytes of a manifest, index or config, if kept."""
        body = self._read(DOCUMENTS, digest.hex)
        if body is None or Digest.of(body, digest.algorithm) != digest:
            return None
        return bytes(body)

    def keep_document(self, content: bytes, algorithm: str = "sha256") -> Digest:
        """Keep a manifest, index or config under its digest by that algorithm, unless it is too large to be one."""
        digest = Digest.of(content, algorithm)
        if len(content) <= MAX_DOCUMENT_SIZE:
            self._keep(DOCUMENTS, digest.hex, content)
        return digest

    def find_blob(self, digest: Digest) -> ProvenBlob | None:
        """Return what an earlier reading of the blob proved, if anything."""
        return self._find(BLOBS, digest.hex, lambda body: decode_blob(body, digest))

    def keep_blob(self, digest: Digest, proof: ProvenBlob) -> None:
        """Keep what a whole and undamaged reading of the blob proved."""
        self._keep(BLOBS, digest.hex, encode_blob(digest, proof))

    def find_stamp(self, stamp: Stamp) -> Digest | None:
        """Return the digest of the bytes that carry this stamp, if they were read since they last changed."""
        return self._find(STAMPS, name_stamp(stamp), lambda body: decode_stamp(body, stamp))

    def keep_stamp(self, stamp: Stamp, blob_digest: Digest, *, read_began_ns: int | None = None) -> None:
        """Keep the digest that was proved for these stored bytes, unless their file had changed just before.

        `read_began_ns` is when their reading began, in nanoseconds since 1970; now where it is not given.
        """
        began = time.time_ns() if read_began_ns is None else read_began_ns
        if began - max(stamp.changed_ns, stamp.modified_ns) >= RACY_NS:
            self._keep(STAMPS, name_stamp(stamp), encode_stamp(stamp, blob_digest))

    def find_name(self, name: str) -> Digest | None:
        """Return the manifest or index that a name led to when it was last asked for, if kept."""
        return self._find(NAMES, hash_name(name), lambda body: decode_name(body, name))

    def keep_name(self, name: str, digest: Digest) -> None:
        """Keep where a name led to, in place of where it led to before."""
        self._keep(NAMES, hash_name(name), encode_name(name, digest))

    def open_part(self, blob: Descriptor) -> Part | None:
        """Open what an earlier reading left of a blob when it broke off, to go on from there; None for a small one.

        What is there is found only where the cache is read, and added to only where it is written: else there is none.
        """
        if not (self._reads and self._writes) or blob.size < SMALLEST_BLOB:
            return None
        try:
            return self._store.open_part(blob.digest.hex, int(self._max_bytes * PRUNE_TARGET), self._limit.try_count)
        except OSError as error:
            self._note(f"the layer cache at {self._store.root} cannot keep a part of a blob: {error.strerror}")
            return None

    def find_image(self, name: str, decode: Callable[[memoryview], _Known]) -> _Known | None:
        """Return what was concluded of whole layers together, if kept; `decode` raises CacheError for anything else."""
        return self._find(IMAGES, name, decode)

    def keep_image(self, name: str, body: bytes) -> None:
        """Keep what was concluded of whole layers together, under a name that says of which and by whom."""
        self._keep(IMAGES, name, body)

    def find_table(self, name: str, decode: Callable[[memoryview], _Known]) -> _Known | None:
        """Return what comparing a layer's tables of contents found, if kept; as `find_image`."""
        return self._find(TABLES, name, decode)

    def keep_table(self, name: str, body: bytes) -> None:
        """Keep what comparing a layer's tables of contents found."""
        self._keep(TABLES, name, body)

    def find_stack(self, chain_id: Digest) -> tuple[StackImage, ...]:
        """Return the audited images that are made of exactly the layers of that ChainID, in the order of the audits."""
        return self._find(STACKS, chain_id.hex, decode_stack) or ()

    def keep_stack(self, chain_id: Digest, image: StackImage) -> None:
        """Keep that an audited image is made of exactly these layers."""
        known = self.find_stack(chain_id)
        if image not in known and len(known) < MAX_STACK_IMAGES:
            self._keep(STACKS, chain_id.hex, encode_stack((*known, image)))

    def _layer_name(self, diff_id: Digest) -> str:
        return f"{diff_id.hex}-{self._fingerprint}"

    def _find(self, kind: str, name: str, decode: Callable[[memoryview], _Known | None]) -> _Known | None:
        body = self._read(kind, name)
        if body is None:
            return None
        try:
            return decode(body)
        except CacheError as error:
            self._discard(kind, name, error)
            return None

    def _read(self, kind: str, name: str) -> memoryview | None:
        if not self._reads:
            return None
        try:
            body = self._store.read(kind, name)
        except CacheError as error:
            self._discard(kind, name, error)
            return None
        except OSError as error:
            self._note(f"the layer cache at {self._store.root} cannot be read: {error.strerror}")
            return None
        if body is not None:
            self._touch(kind, name)
        return body

    def _touch(self, kind: str, name: str) -> None:
        """Note the use for pruning; a folder that is read-only, or an entry pruned just now, is as good."""
        if self._writes:
            with suppress(OSError):
                self._store.touch(kind, name)

    def _discard(self, kind: str, name: str, error: CacheError) -> None:
        self._note(f"{error}; it is computed again")
        if self._writes:
            with suppress(OSError):
                self._store.remove(kind, name)

    def _keep(self, kind: str, name: str, body: bytes) -> None:
        """Write a small entry unless it is there already."""
        if not self._writes:
            return
        stored = None
        with suppress(CacheError, OSError):  # what cannot be read is written anew, and that says what is wrong
            stored = self._store.read(kind, name)
        if stored == memoryview(body):
            self._touch(kind, name)
        else:
            self._write(kind, name, body)

    def _write(self, kind: str, name: str, body: bytes, *, durable: bool = False) -> None:
        try:
            size = self._store.write(kind, name, body, durable=durable)
            self._limit.count(size)
        except OSError as error:
            self._writes = False
            self._note(f"the layer cache at {self._store.root} cannot be written: {error.strerror}")
        except CacheError as error:
            self._note(str(error))

    def _note(self, sentence: str) -> None:
        self._notes[sentence] = None
