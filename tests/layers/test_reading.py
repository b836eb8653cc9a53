"""One reading of a layer proves its digests, or says where and why it could not."""

import gzip
import hashlib
import io
import threading

import pytest

from layerscope.image.digest import Digest
from layerscope.layers.content_hashes import WORTH_A_THREAD
from layerscope.layers.entry import EntryType
from layerscope.layers.extractor import Wants
from layerscope.layers.limits import Limits
from layerscope.layers.reading import Reading, ReadingStoppedError, hash_stored, read_layer
from layerscope.layers.scan import Compression, DamageKind, Proof
from support.compression import Packing, compress
from support.memory_layer import BrokenStream
from support.tar_writer import directory, file, symlink, write_tar

MEMBERS = [directory("usr"), *(file(f"usr/f{n}", bytes([n % 251]) * (n * 37)) for n in range(400)), symlink("l", "usr")]
TAR = write_tar(MEMBERS)


class FirstLine:
    """An extractor that keeps the first line of what it is shown."""

    name = "first-line"
    version = 1

    def __init__(self, wants: Wants) -> None:
        """Want these files."""
        self.wants = wants

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The first line with size and mode."""
        return [path, content.partition(b"\n")[0], size, mode]


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize("packing", list(Packing))
def test_both_digests_are_proved(packing: Packing, staged: bool) -> None:
    """However a layer is packed and read, blob digest, size, DiffID and entries are those of its bytes."""
    stored = compress(TAR, packing)
    scan = read_layer(io.BytesIO(stored), "layer", Reading(), staged=staged)
    assert scan.damage is None
    assert scan.diff_id == Digest.of(TAR)
    assert scan.blob is not None
    assert (scan.blob.digest, scan.blob.size) == (Digest.of(stored), len(stored))
    assert len(scan.index) == len(MEMBERS)
    assert scan.proof is Proof.READ
    for entry, member in zip(scan.index, MEMBERS, strict=True):
        assert entry.type is not EntryType.FILE or entry.digest == hashlib.sha256(member.content).digest()


def test_large_files_are_hashed_beside_the_scan() -> None:
    """Whatever their order, each entry has the digest of its own content, and one that breaks off is no entry."""
    sizes = (5 << 20, 100, WORTH_A_THREAD, 9 << 20, WORTH_A_THREAD - 1, 3 << 20)
    members = [file(f"f{number}", bytes([number]) * size) for number, size in enumerate(sizes)]
    tar = write_tar([*members, file("f0", b"again" * (1 << 20))])
    whole = read_layer(io.BytesIO(tar), "layer", Reading(), staged=True)
    contents = [*(member.content for member in members), b"again" * (1 << 20)]
    assert [entry.digest for entry in whole.index] == [hashlib.sha256(content).digest() for content in contents]
    cut = read_layer(io.BytesIO(tar[: 17 << 20]), "layer", Reading(), staged=True)
    assert cut.damage is not None
    assert [entry.digest for entry in cut.index] == [hashlib.sha256(content).digest() for content in contents[:5]]


@pytest.mark.parametrize("staged", [False, True])
def test_a_corrupt_blob_still_has_its_own_digest(staged: bool) -> None:
    """Damage inside the compression leaves no DiffID, but the digest of what is stored."""
    stored = bytearray(gzip.compress(TAR))
    stored[len(stored) // 2] ^= 0xFF
    scan = read_layer(io.BytesIO(bytes(stored)), "layer", Reading(), staged=staged)
    assert scan.damage is not None
    assert scan.damage.kind is DamageKind.CORRUPT
    assert scan.diff_id is None
    assert scan.blob is not None
    assert scan.blob.digest == Digest.of(bytes(stored))
    assert scan.blob.compression is Compression.GZIP


@pytest.mark.parametrize("staged", [False, True])
def test_a_tar_that_makes_no_sense_still_has_its_diff_id(staged: bool) -> None:
    """Damage inside the tar does not hide that it is the tar that was built."""
    broken = bytearray(TAR)
    broken[512 * 2 + 148] = ord("z")
    scan = read_layer(io.BytesIO(gzip.compress(bytes(broken))), "layer", Reading(), staged=staged)
    assert scan.damage is not None
    assert scan.diff_id == Digest.of(bytes(broken))


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize("packing", [Packing.NONE, Packing.GZIP, Packing.ZSTD, Packing.XZ, Packing.BZIP2])
def test_a_failing_disk_is_damage(packing: Packing, staged: bool) -> None:
    """An error while reading ends the layer, not the audit, and proves nothing."""
    stored = compress(TAR, packing)
    scan = read_layer(BrokenStream(stored, 1), "layer", Reading(), staged=staged)
    assert scan.damage is not None
    assert scan.damage.kind is DamageKind.UNREADABLE
    assert "disk failed" in scan.damage.detail
    assert (scan.diff_id, scan.blob) == (None, None)


def test_a_disk_that_fails_at_once_is_damage() -> None:
    """Not even the first byte need be there."""
    scan = read_layer(BrokenStream(TAR, 0), "layer", Reading())
    assert scan.damage is not None
    assert scan.damage.kind is DamageKind.UNREADABLE


@pytest.mark.parametrize("staged", [False, True])
def test_a_layer_above_the_size_ceiling_is_not_read_on(staged: bool) -> None:
    """A decompression bomb ends at the ceiling, which is named with its flag."""
    reading = Reading(limits=Limits(layer_size=1 << 20))
    scan = read_layer(io.BytesIO(gzip.compress(bytes(64 << 20))), "layer", reading, staged=staged)
    assert scan.damage is not None
    assert scan.damage.kind is DamageKind.LIMIT
    assert "--max-layer-size" in scan.damage.detail


@pytest.mark.parametrize("staged", [False, True])
def test_reading_stops_when_asked(staged: bool) -> None:
    """Whoever interrupts an audit does not wait for a layer to end."""
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(ReadingStoppedError):
        read_layer(io.BytesIO(TAR), "layer", Reading(stopped=stopped), staged=staged)


def test_extractors_see_what_they_want_and_no_more() -> None:
    """Paths, names, suffixes and magics each choose files; content stops at the limit."""
    members = [
        file("etc/passwd", b"root:x\nmore", mode=0o600),
        file("opt/key.pem", b"pem"),
        file("srv/.netrc", b"machine"),
        file("bin/run", b"#!/bin/sh\necho", mode=0o755),
        file("bin/elf", b"\x7fELF"),
        file("bin/half", b"#"),
    ]
    wants = Wants(
        paths=frozenset({"etc/passwd"}),
        names=frozenset({".netrc"}),
        suffixes=frozenset({".pem"}),
        magics=frozenset({b"#!/"}),
        limit=6,
    )
    scan = read_layer(io.BytesIO(write_tar(members)), "layer", Reading((FirstLine(wants),)))
    assert scan.extracts == {
        "first-line": {
            "etc/passwd": ["etc/passwd", b"root:x", 11, 0o600],
            "opt/key.pem": ["opt/key.pem", b"pem", 3, 0o644],
            "srv/.netrc": ["srv/.netrc", b"machin", 7, 0o644],
            "bin/run": ["bin/run", b"#!/bin", 14, 0o755],
        }
    }


def test_extractors_see_files_that_lie_across_chunks() -> None:
    """A file that no chunk holds whole is shown all the same."""
    content = b"#!/bin/sh\n" + bytes(3 << 20)
    wants = Wants(magics=frozenset({b"#!"}), limit=10)
    scan = read_layer(io.BytesIO(write_tar([file("big", content)])), "layer", Reading((FirstLine(wants),)))
    assert scan.extracts == {"first-line": {"big": ["big", b"#!/bin/sh", len(content), 0o644]}}


def test_a_file_that_is_replaced_in_its_own_layer_leaves_nothing() -> None:
    """Of a path that occurs twice, what was kept of the first is not taken for the last."""
    wants = Wants(magics=frozenset({b"#!"}), limit=10)
    members = [file("a", b"#!/bin/sh"), file("b", b"#!/bin/sh"), file("a"), file("b", b"#!/bin/b")]
    scan = read_layer(io.BytesIO(write_tar(members)), "layer", Reading((FirstLine(wants),)))
    assert scan.extracts == {"first-line": {"b": ["b", b"#!/bin/b", 8, 0o644]}}


def test_hashing_alone_gives_digest_and_size() -> None:
    """A blob that is known is proved by its bytes alone."""
    blob = hash_stored(io.BytesIO(TAR), "layer", Reading())
    assert (blob.digest, blob.size) == (Digest.of(TAR), len(TAR))
