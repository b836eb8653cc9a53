"""What the cache keeps of blobs and of stored bytes: small proofs, as typed msgpack."""

import hashlib

import msgspec
from msgspec import Struct

from layerscope.errors import CacheError, ReferenceSyntaxError
from layerscope.image.digest import Digest
from layerscope.image.layer import Stamp
from layerscope.layers.scan import BlobScan, Compression
from layerscope.layers.toc.place import TablePlace


class ProvenBlob(Struct, frozen=True):
    """What one whole, undamaged reading of a blob proved: the layer it decompresses to, and its framing."""

    diff_id: Digest
    blob: BlobScan


class _Blob(msgspec.Struct, array_like=True, frozen=True):
    digest: str
    diff_id: str
    size: int
    compression: Compression
    frames: int
    trailing: int
    table: TablePlace | None = None


class _Stamped(msgspec.Struct, array_like=True, frozen=True):
    stamp: Stamp
    digest: str


_BLOBS = msgspec.msgpack.Decoder(_Blob)
_STAMPS = msgspec.msgpack.Decoder(_Stamped)


def encode_blob(digest: Digest, proof: ProvenBlob) -> bytes:
    """Return the bytes that `decode_blob` turns back."""
    assert digest == proof.blob.digest, f"{digest} is proved by a reading of {proof.blob.digest}"
    blob = proof.blob
    return msgspec.msgpack.encode(
        _Blob(str(digest), str(proof.diff_id), blob.size, blob.compression, blob.frames, blob.trailing, blob.table)
    )


def decode_blob(content: memoryview, digest: Digest) -> ProvenBlob | None:
    """Return the proof for that blob, None where it is another's; raises CacheError for anything else."""
    try:
        stored = _BLOBS.decode(content)
        proof = ProvenBlob(
            Digest.parse(stored.diff_id),
            BlobScan(digest, stored.size, stored.compression, stored.frames, stored.trailing, stored.table),
        )
    except (msgspec.MsgspecError, ReferenceSyntaxError) as error:
        raise CacheError(f"reading what is known of blob {digest}: {error}") from error
    return proof if stored.digest == str(digest) else None


def name_stamp(stamp: Stamp) -> str:
    """The name under which a stamp is kept: that of the place, so that a later state replaces an earlier one."""
    place = f"{stamp.device} {stamp.inode} {stamp.offset} {stamp.size}"
    return hashlib.sha256(place.encode()).hexdigest()


def encode_stamp(stamp: Stamp, digest: Digest) -> bytes:
    """Return the bytes that `decode_stamp` turns back."""
    return msgspec.msgpack.encode(_Stamped(stamp, str(digest)))


def decode_stamp(content: memoryview, stamp: Stamp) -> Digest | None:
    """Return the digest that was proved under exactly this stamp; raises CacheError for anything else."""
    try:
        stored = _STAMPS.decode(content)
        digest = Digest.parse(stored.digest)
    except (msgspec.MsgspecError, ReferenceSyntaxError) as error:
        raise CacheError(f"reading what is known of inode {stamp.inode}: {error}") from error
    return digest if stored.stamp == stamp else None


def hash_name(name: str) -> str:
    """The name under which the name of an image is kept: it may be longer than a file's."""
    return hashlib.sha256(name.encode()).hexdigest()


def encode_name(name: str, digest: Digest) -> bytes:
    """Return the bytes that `decode_name` turns back."""
    return msgspec.msgpack.encode((name, str(digest)))


def decode_name(content: memoryview, name: str) -> Digest | None:
    """Return the digest that a name led to, None where it is another's; raises CacheError for anything else."""
    try:
        stored, digest = msgspec.msgpack.decode(content, type=tuple[str, str])
        found = Digest.parse(digest)
    except (msgspec.MsgspecError, ReferenceSyntaxError) as error:
        raise CacheError(f"reading where {name} led to: {error}") from error
    return found if stored == name else None
