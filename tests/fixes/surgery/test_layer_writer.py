"""New blobs from old ones: kept bit for bit, packed another way, edited; what changed meanwhile is refused."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.errors import DigestMismatchError, LayerDamageError, SourceError
from layerscope.fixes.surgery.blob_writer import BlobWriter
from layerscope.fixes.surgery.cuts import LayerCuts
from layerscope.fixes.surgery.layer_writer import MEDIA_TYPES, WrittenLayer, keep_layer, rewrite_layer
from layerscope.image.digest import Digest
from layerscope.layers.reading import Reading, read_layer
from layerscope.layers.scan import Compression, LayerScan
from support.compression import Packing, compress
from support.memory_layer import MemoryLayer, claim
from support.tar_member import file
from support.tar_writer import write_tar

TAR = write_tar([file("a", b"first"), file("b", bytes(100_000))])
OTHER = write_tar([file("a", b"third"), file("b", bytes(100_000))])
CUTS = LayerCuts(frozenset({0}))


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    """Whatever goes wrong."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


STANDARD = [each for each in Compression if each.is_standard]


def make_layer(packing: Packing = Packing.GZIP, tar: bytes = TAR, *, fails: int | None = None) -> MemoryLayer:
    """A layer that claims the truth."""
    stored = compress(tar, packing)
    return MemoryLayer("layer 1", stored, Digest.of(tar), claim(stored), fails=fails)


def scan(layer: MemoryLayer) -> LayerScan:
    """The layer, read as an audit reads it."""
    return read_layer(layer.open(), "layer", Reading())


def rewrite(
    layer: MemoryLayer, read: LayerScan, blobs: Path, compression: Compression, cuts: LayerCuts = CUTS
) -> WrittenLayer:
    """The layer written anew."""
    return rewrite_layer(layer, read, blobs, compression=compression, cuts=cuts, advance=lambda _: None)


@pytest.mark.parametrize("packing", [each for each in Packing if each.is_standard])
def test_a_kept_layer_is_the_same_blob(packing: Packing, tmp_path: Path) -> None:
    """Under the same digest, with the media type that its bytes ask for, and every byte of it told to who watches."""
    layer, advanced = make_layer(packing), list[int]()
    kept = keep_layer(layer, scan(layer), tmp_path, advanced.append)
    assert kept.is_kept
    assert kept.diff_id == layer.diff_id
    assert kept.descriptor.digest == Digest.of(layer.stored)
    assert (tmp_path / kept.descriptor.digest.hex).read_bytes() == layer.stored
    assert str(kept.descriptor.media_type).endswith("tar" if packing is Packing.NONE else packing.suffix)
    assert sum(advanced) == len(layer.stored)


@pytest.mark.parametrize("packing", [each for each in Packing if not each.is_standard])
def test_a_kept_layer_that_no_media_type_tells_of_is_packed_by_gzip(packing: Packing, tmp_path: Path) -> None:
    """An OCI layout cannot name it as it is; its tar stays."""
    layer, advanced = make_layer(packing), list[int]()
    kept = keep_layer(layer, scan(layer), tmp_path, advanced.append)
    assert (kept.is_kept, kept.diff_id) == (False, layer.diff_id)
    assert kept.descriptor.media_type == MEDIA_TYPES[Compression.GZIP]
    again = scan_blob(tmp_path, kept)
    assert (again.diff_id, again.damage) == (layer.diff_id, None)
    assert sum(advanced) == len(layer.stored)


def test_a_kept_layer_that_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    """What was audited is not what would be written."""
    read = scan(make_layer())
    with pytest.raises(DigestMismatchError, match="copying layer layer 1: it has the digest sha256:"):
        keep_layer(make_layer(tar=OTHER), read, tmp_path, lambda _: None)


def test_a_layer_that_is_packed_anew_and_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    """Its DiffID says so."""
    layer, changed = make_layer(), make_layer(tar=OTHER)
    claimed = MemoryLayer("layer 1", changed.stored, layer.diff_id)
    with pytest.raises(DigestMismatchError, match="its DiffID is sha256:"):
        rewrite(claimed, scan(layer), tmp_path, Compression.ZSTD, LayerCuts())
    assert list(tmp_path.glob("[0-9a-f]*")) == []


def test_an_edited_layer_that_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    """An entry that is to go is not met."""
    changed = make_layer(tar=write_tar([]))
    with pytest.raises(LayerDamageError, match="editing layer layer 1: an end of the archive before 1 of its entries"):
        rewrite(changed, scan(make_layer()), tmp_path, Compression.GZIP)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("packing", Packing)
@pytest.mark.parametrize("compression", STANDARD)
def test_a_truncated_layer_is_damage(packing: Packing, compression: Compression, tmp_path: Path) -> None:
    """Whether a frame, a member or the tar itself is cut off; nothing is left of what was begun."""
    whole = make_layer(packing)
    cut = MemoryLayer("layer 1", whole.stored[: len(whole.stored) // 2], whole.diff_id, whole.descriptor)
    with pytest.raises(LayerDamageError, match="editing layer layer 1: "):
        rewrite(cut, scan(whole), tmp_path, compression)
    assert list(tmp_path.iterdir()) == []


def test_a_failing_disk_is_told(tmp_path: Path) -> None:
    """As the source tells it."""
    with pytest.raises(SourceError, match="the disk failed"):
        rewrite(make_layer(fails=0), scan(make_layer()), tmp_path, Compression.GZIP)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("packing", Packing)
@pytest.mark.parametrize("compression", STANDARD)
def test_a_layer_can_be_packed_another_way(packing: Packing, compression: Compression, tmp_path: Path) -> None:
    """Its DiffID stays."""
    layer = make_layer(packing)
    written = rewrite(layer, scan(layer), tmp_path, compression, LayerCuts())
    assert written.diff_id == layer.diff_id
    assert written.descriptor.media_type == MEDIA_TYPES[compression]
    again = scan_blob(tmp_path, written)
    assert (again.diff_id, again.damage) == (layer.diff_id, None)
    assert again.blob is not None
    assert (again.blob.digest, again.blob.compression) == (written.descriptor.digest, compression)


@pytest.mark.parametrize("compression", STANDARD)
def test_an_edited_layer_tells_its_own_digests(compression: Compression, tmp_path: Path) -> None:
    """Read again, its blob and tar are what descriptor and DiffID say."""
    layer = make_layer()
    written = rewrite(layer, scan(layer), tmp_path, compression)
    again = scan_blob(tmp_path, written)
    assert again.index.paths == ["b"]
    assert again.diff_id == written.diff_id != layer.diff_id
    assert again.blob is not None
    assert (again.blob.digest, again.blob.size) == (written.descriptor.digest, written.descriptor.size)


def scan_blob(blobs: Path, written: WrittenLayer) -> LayerScan:
    """What is in a blob that was written."""
    return scan(MemoryLayer("new", (blobs / written.descriptor.digest.hex).read_bytes(), written.diff_id))


def test_a_blob_has_no_name_before_it_is_whole(tmp_path: Path) -> None:
    """Then it has the one of its digest, and what was begun is gone."""
    with BlobWriter(tmp_path) as blob:
        blob.write(b"some")
        blob.write(memoryview(b" bytes"))
        assert [path.name.startswith(".") for path in tmp_path.iterdir()] == [True]
        digest = blob.publish()
    assert digest == Digest.of(b"some bytes")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(digest.hex, b"some bytes")]
    assert blob.size == len(b"some bytes")


def test_a_blob_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """Also where the reason is Ctrl-C."""
    with pytest.raises(KeyboardInterrupt):
        begin_blob(tmp_path)
    assert list(tmp_path.iterdir()) == []


def begin_blob(folder: Path) -> None:
    """Write some of a blob, and be interrupted."""
    with BlobWriter(folder) as blob:
        blob.write(b"some")
        raise KeyboardInterrupt


def test_the_same_blob_twice_is_one_file(tmp_path: Path) -> None:
    """Two layers may be equal."""
    for _ in range(2):
        with BlobWriter(tmp_path) as blob:
            blob.write(b"same")
            blob.publish()
    assert len(list(tmp_path.iterdir())) == 1
