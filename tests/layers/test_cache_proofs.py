"""Small proofs: exact, typed, and refused when they are something else."""

import msgspec
import pytest

from layerscope.errors import CacheError
from layerscope.image.digest import Digest
from layerscope.image.layer import Stamp
from layerscope.layers.cache_proofs import (
    ProvenBlob,
    decode_blob,
    decode_stamp,
    encode_blob,
    encode_stamp,
    name_stamp,
)
from layerscope.layers.scan import BlobScan, Compression

BLOB, DIFF_ID = Digest.of(b"blob"), Digest.of(b"layer")
STAMP = Stamp(2**63, 2**64 - 1, 2**40, 1, 2, 3, 4)


@pytest.mark.parametrize("compression", Compression)
def test_a_blob_proof_comes_back(compression: Compression) -> None:
    """Every compression is kept as what it is."""
    proof = ProvenBlob(DIFF_ID, BlobScan(BLOB, 2**40, compression, frames=100_000, trailing=3))
    back = decode_blob(memoryview(encode_blob(BLOB, proof)), BLOB)
    assert back == proof
    assert back is not None
    assert isinstance(back.blob.compression, Compression)


def test_the_proof_of_another_blob_proves_nothing() -> None:
    """A proof names its blob and answers for no other."""
    proof = ProvenBlob(DIFF_ID, BlobScan(BLOB, 1, Compression.NONE))
    assert decode_blob(memoryview(encode_blob(BLOB, proof)), DIFF_ID) is None


def test_a_blob_is_kept_under_the_digest_that_was_proved() -> None:
    """Keeping a proof under a claim is a broken promise of our own."""
    with pytest.raises(AssertionError):
        encode_blob(DIFF_ID, ProvenBlob(DIFF_ID, BlobScan(BLOB, 1, Compression.NONE)))


def test_a_stamp_comes_back() -> None:
    """Numbers of 64 bits are kept exactly."""
    assert decode_stamp(memoryview(encode_stamp(STAMP, BLOB)), STAMP) == BLOB


def test_the_name_of_a_stamp_is_that_of_its_place() -> None:
    """Times and file size are no part of the place; device, inode and range are."""
    assert name_stamp(STAMP) == name_stamp(Stamp(2**63, 2**64 - 1, 0, 0, 0, 3, 4))
    assert name_stamp(STAMP) != name_stamp(Stamp(2**63, 2**64 - 1, 2**40, 1, 2, 3, 5))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode({}),
        msgspec.msgpack.encode([str(BLOB), "sha256:short", 1, "gzip", 1, 0]),
        msgspec.msgpack.encode([str(BLOB), str(DIFF_ID), 1, "lzma", 1, 0]),
        msgspec.msgpack.encode([str(BLOB), str(DIFF_ID), "1", "gzip", 1, 0]),
    ],
)
def test_something_else_is_no_proof(content: bytes) -> None:
    """Wrong shapes, types and values are CacheErrors, which the cache takes for misses."""
    with pytest.raises(CacheError, match="reading what is known of blob"):
        decode_blob(memoryview(content), BLOB)
    with pytest.raises(CacheError, match="reading what is known of inode"):
        decode_stamp(memoryview(content), STAMP)
