"""Every layer is read once or not at all, and what is known is never taken for more than it is."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.image.digest import Digest
from layerscope.image.image import Image
from layerscope.image.layer import ByteStream
from layerscope.layers.cache import LayerCache, fingerprint
from layerscope.layers.reading import Reading, ReadingStoppedError
from layerscope.layers.scan import Proof
from layerscope.layers.schedule import scan_layers, scan_stream
from layerscope.progress import SilentProgress
from support.memory_layer import MemoryLayer, claim, stamp_of
from support.tar_writer import file, write_tar


@pytest.fixture
def cache(tmp_path: Path) -> LayerCache:
    """An empty cache."""
    return LayerCache(tmp_path / "cache", fingerprint=fingerprint(()))


def make_layer(number: int, *, name: str | None = None) -> MemoryLayer:
    """A gzip'ed layer with one file."""
    tar = write_tar([file(f"f{number}", bytes([number]) * 5000)])
    stored = gzip.compress(tar, mtime=0)
    return MemoryLayer(name or f"layer{number}", stored, Digest.of(tar), claim(stored))


def in_file(layer: MemoryLayer, path: Path) -> MemoryLayer:
    """The layer with the stamp of a file that changed long ago."""
    path.write_bytes(layer.stored)
    stamp = stamp_of(path)
    old = type(stamp)(stamp.device, stamp.inode, stamp.file_size, 10**9, 10**9, 0, stamp.size)
    return MemoryLayer(layer.name, layer.stored, layer.diff_id, layer.descriptor, old)


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_layers_come_back_in_order(cache: LayerCache, jobs: int) -> None:
    """However many are read at once, scans stand in the order of the layers."""
    layers = [make_layer(number) for number in range(7)]
    scans = scan_layers(layers, Reading(), cache=cache, jobs=jobs)
    assert [scan.index.paths for scan in scans] == [[f"f{number}"] for number in range(7)]
    assert all(scan.proof is Proof.READ for scan in scans)


def test_a_layer_that_occurs_twice_is_read_once(cache: LayerCache) -> None:
    """The same blob at two places of the stack is one reading."""
    layer = make_layer(1)
    scans = scan_layers([layer, layer], Reading(), cache=cache, jobs=2)
    assert scans[0] is scans[1]
    assert layer.opened == ["layer1"]


def test_unchanged_files_are_not_read_again(cache: LayerCache, tmp_path: Path) -> None:
    """A second audit of the same file opens nothing and still proves the digests."""
    layer = in_file(make_layer(1), tmp_path / "blob")
    scan_layers([layer], Reading(), cache=cache, jobs=1)
    (scan,) = scan_layers([layer], Reading(), cache=cache, jobs=1)
    assert layer.opened == ["layer1"]
    assert scan.proof is Proof.UNCHANGED
    assert scan.diff_id == layer.diff_id
    assert scan.blob is not None
    assert layer.descriptor is not None
    assert scan.blob.digest == layer.descriptor.digest


def test_changed_files_are_read_again(cache: LayerCache, tmp_path: Path) -> None:
    """A byte changed after the first audit is found by the second, although the layer's DiffID is known."""
    first = in_file(make_layer(1), tmp_path / "blob")
    scan_layers([first], Reading(), cache=cache, jobs=1)
    stored = bytearray(first.stored)
    stored[-3] ^= 1
    (tmp_path / "blob").write_bytes(bytes(stored))
    os.utime(tmp_path / "blob", ns=(10**9, 2 * 10**9))
    stamp = stamp_of(tmp_path / "blob")
    changed = MemoryLayer("layer1", bytes(stored), first.diff_id, first.descriptor, stamp)
    (scan,) = scan_layers([changed], Reading(), cache=cache, jobs=1)
    assert scan.damage is not None
    assert scan.blob is not None
    assert scan.blob.digest == Digest.of(bytes(stored))


def test_a_known_blob_elsewhere_is_hashed_but_not_unpacked(cache: LayerCache) -> None:
    """The same blob in another place is proved by its digest; its entries come from the cache."""
    scan_layers([make_layer(1)], Reading(), cache=cache, jobs=1)
    again = make_layer(1, name="elsewhere")
    (scan,) = scan_layers([again], Reading(), cache=cache, jobs=1)
    assert scan.proof is Proof.READ
    assert scan.index.paths == ["f1"]
    assert again.opened == ["elsewhere"]


def test_a_blob_that_only_claims_to_be_known_is_read(cache: LayerCache) -> None:
    """Other bytes under a known digest are found out."""
    known, other = make_layer(1), make_layer(2)
    scan_layers([known], Reading(), cache=cache, jobs=1)
    lying = MemoryLayer("lying", other.stored, known.diff_id, known.descriptor)
    (scan,) = scan_layers([lying], Reading(), cache=cache, jobs=1)
    assert scan.diff_id == other.diff_id
    assert scan.index.paths == ["f2"]


def test_an_engine_s_known_layer_is_not_read(cache: LayerCache) -> None:
    """Where the source keeps no blob, a known DiffID is enough, and the report says that it is."""
    layer = make_layer(1)
    unpacked = MemoryLayer("unpacked", layer.stored, layer.diff_id)
    scan_layers([unpacked], Reading(), cache=cache, jobs=1)
    (scan,) = scan_layers([unpacked], Reading(), cache=cache, jobs=1)
    assert unpacked.opened == ["unpacked"]
    assert scan.proof is Proof.CACHED


def test_an_engine_s_layer_that_changed_is_not_trusted_again(cache: LayerCache, tmp_path: Path) -> None:
    """Once a reading shows that its folder is another one, the engine's word is not taken until it is mended."""
    layer, other = make_layer(1), make_layer(2)
    sound, changed = MemoryLayer("a", layer.stored, layer.diff_id), MemoryLayer("a", other.stored, layer.diff_id)
    anew = LayerCache(tmp_path / "cache", fingerprint=fingerprint(()), read=False)
    scan_layers([sound], Reading(), cache=cache, jobs=1)
    scan_layers([changed], Reading(), cache=anew, jobs=1)
    (scan,) = scan_layers([changed], Reading(), cache=cache, jobs=1)
    assert scan.proof is Proof.READ
    assert scan.diff_id == other.diff_id


def test_absent_layers_are_not_opened(cache: LayerCache) -> None:
    """A foreign layer has no entries and no proof."""
    layer = MemoryLayer("foreign", b"", Digest.of(b""), absent="it is kept elsewhere")
    (scan,) = scan_layers([layer], Reading(), cache=cache, jobs=1)
    assert (len(scan.index), scan.proof, layer.opened) == (0, Proof.NONE, [])


def test_damaged_layers_are_not_kept(cache: LayerCache) -> None:
    """What could not be read to its end is read again next time."""
    whole = make_layer(1)
    cut = MemoryLayer("cut", whole.stored[:-20], whole.diff_id)
    for _ in range(2):
        (scan,) = scan_layers([cut], Reading(), cache=cache, jobs=1)
        assert scan.damage is not None
    assert cut.opened == ["cut", "cut"]
    assert not cache.has_layer(whole.diff_id)


class Interrupting(SilentProgress):
    """Progress that fails in the middle, as Ctrl-C would."""

    def advance(self, key: str, amount: int) -> None:
        """Break off."""
        if key == "layer3":
            raise KeyboardInterrupt


def test_an_interrupted_audit_stops_every_reading(cache: LayerCache) -> None:
    """When one layer fails hard, the others are told to stop before the error is passed on."""
    reading = Reading(progress=Interrupting())
    with pytest.raises((KeyboardInterrupt, ReadingStoppedError)):
        scan_layers([make_layer(number) for number in range(9)], reading, cache=cache, jobs=3)
    assert reading.stopped.is_set()


class MemoryStream:
    """An image that arrives once: one good member, one that nobody read before the end."""

    def __init__(self, image: Image, passing: list[MemoryLayer]) -> None:
        """Send these members, then the image."""
        self._image = image
        self._passing = passing

    def consume(self, scan: Callable[[str, ByteStream], None]) -> Image:
        """Hand over the members."""
        for layer in self._passing:
            scan(layer.name, layer.open())
        return self._image

    def close(self) -> None:
        """Nothing to release."""


def test_streamed_members_are_matched_by_name(cache: LayerCache, empty_image: Callable[..., Image]) -> None:
    """Layers arrive in any order, between other members, and end up in the image's order."""
    first, second, other = make_layer(1), make_layer(2), make_layer(3)
    image = empty_image(layers=(first, second))
    found, scans = scan_stream(MemoryStream(image, [second, other, first]), Reading(), cache=cache, jobs=2)
    assert found is image
    assert [scan.index.paths for scan in scans] == [["f1"], ["f2"]]
    assert first.opened == ["layer1"]


def test_layers_that_did_not_pass_are_opened(cache: LayerCache, empty_image: Callable[..., Image]) -> None:
    """A layer that the stream left out, because it is known, is read from where it lies."""
    first, second = make_layer(1), make_layer(2)
    image = empty_image(layers=(first, second))
    _, scans = scan_stream(MemoryStream(image, [first]), Reading(), cache=cache, jobs=1)
    assert [scan.index.paths for scan in scans] == [["f1"], ["f2"]]


def test_a_known_member_is_hashed_but_not_unpacked(cache: LayerCache, empty_image: Callable[..., Image]) -> None:
    """A member whose name is a known digest is proved by its bytes; its entries come from the cache."""
    layer = make_layer(1)
    assert layer.descriptor is not None
    scan_layers([layer], Reading(), cache=cache, jobs=1)
    named = make_layer(1, name=f"blobs/sha256/{layer.descriptor.digest.hex}")
    _, (scan,) = scan_stream(MemoryStream(empty_image(layers=(named,)), [named]), Reading(), cache=cache, jobs=1)
    assert (scan.proof, scan.index.paths, scan.damage) == (Proof.READ, ["f1"], None)


def test_a_member_that_is_not_what_its_name_says_is_damage(
    cache: LayerCache, empty_image: Callable[..., Image]
) -> None:
    """A known name on other bytes is found out, and the known entries are not shown for them."""
    layer, other = make_layer(1), make_layer(2)
    assert layer.descriptor is not None
    scan_layers([layer], Reading(), cache=cache, jobs=1)
    name = f"blobs/sha256/{layer.descriptor.digest.hex}"
    lying = MemoryLayer(name, other.stored, layer.diff_id, layer.descriptor)
    _, (scan,) = scan_stream(MemoryStream(empty_image(layers=(lying,)), [lying]), Reading(), cache=cache, jobs=1)
    assert scan.damage is not None
    assert scan.blob is not None
    assert scan.blob.digest == Digest.of(other.stored)
    assert len(scan.index) == 0
