"""A cache with one thing of each kind in it."""

from collections.abc import Callable
from pathlib import Path

from layerscope.image.digest import Digest
from layerscope.image.layer import Stamp
from layerscope.layers.cache import LayerCache
from layerscope.layers.cache_proofs import ProvenBlob
from layerscope.layers.limits import Limits
from layerscope.layers.scan import BlobScan, Compression
from support.layer_indexes import index_of

DIFF_ID = Digest.of(b"layer")
BLOB = Digest.of(b"blob")
INDEX = index_of(["etc", "etc/caf\udce9"])
EXTRACTS = {"keys": {"etc/caf\udce9": {"kind": "x", "found": [1, b"\0"]}}}
PROOF = ProvenBlob(DIFF_ID, BlobScan(BLOB, 1234, Compression.GZIP, frames=3, trailing=7))
STAMP = Stamp(1, 2, 4096, 10**18, 10**18, 512, 1024)

KEEP: list[tuple[str, Callable[[LayerCache], object]]] = [
    ("layer", lambda cache: cache.store(DIFF_ID, INDEX, EXTRACTS)),
    ("document", lambda cache: cache.keep_document(b"{}")),
    ("blob", lambda cache: cache.keep_blob(BLOB, PROOF)),
    ("stamp", lambda cache: cache.keep_stamp(STAMP, BLOB)),
    ("image", lambda cache: cache.keep_image("f" * 64, b"facts")),
    ("name", lambda cache: cache.keep_name("docker.io/library/x:1", BLOB)),
]
FIND: list[tuple[str, Callable[[LayerCache], object]]] = [
    ("layer", lambda cache: cache.load(DIFF_ID)),
    ("document", lambda cache: cache.find_document(Digest.of(b"{}"))),
    ("blob", lambda cache: cache.find_blob(BLOB)),
    ("stamp", lambda cache: cache.find_stamp(STAMP)),
    ("image", lambda cache: cache.find_image("f" * 64, bytes)),
    ("name", lambda cache: cache.find_name("docker.io/library/x:1")),
]
"""How each kind is kept and found again."""


def open_cache(root: Path, *, read: bool = True, write: bool = True, limits: Limits | None = None) -> LayerCache:
    """A cache as an audit opens it."""
    return LayerCache(root, fingerprint="f" * 16, read=read, write=write, limits=limits)


def damage_entries(root: Path) -> None:
    """Flip the last bit of every entry."""
    for path in (root / "v1").glob("*/*/*"):
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def fill(cache: LayerCache) -> None:
    """Keep one thing of each kind."""
    for _, keep in KEEP:
        keep(cache)
