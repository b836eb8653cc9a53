"""Layers that are written as one: their blobs are read one after the other, and no thread stays whatever goes wrong."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.errors import LayerDamageError, SourceError
from layerscope.fixes.surgery import merged_layer as under_test
from layerscope.fixes.surgery.cuts import ImageCuts, LayerCuts, Range
from layerscope.fixes.surgery.layer_writer import WrittenLayer
from layerscope.fixes.surgery.merge_planner import plan_merge
from layerscope.fixes.surgery.merged_layer import Part, merge_layers
from layerscope.image.digest import Digest
from layerscope.layers.reading import Reading, read_layer
from layerscope.layers.scan import Compression
from support.compression import Packing, compress
from support.memory_layer import MemoryLayer, claim
from support.tar_member import TarMember, file, whiteout
from support.tar_writer import write_tar

LAYERS = ([file("below")], [file("a", bytes(300_000)), file("b", b"1")], [file("b", b"2"), whiteout("below")])


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    """Whatever goes wrong."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def make_layer(members: list[TarMember], *, packing: Packing = Packing.GZIP, fails: int | None = None) -> MemoryLayer:
    """A layer that claims the truth."""
    tar = write_tar(members)
    stored = compress(tar, packing)
    return MemoryLayer("layer", stored, Digest.of(tar), claim(stored), fails=fails)


def merge(layers: list[MemoryLayer], blobs: Path, *, sound: list[MemoryLayer] | None = None) -> WrittenLayer:
    """All but the lowest of the layers as one; they were read when they were `sound`."""
    scans = [read_layer(layer.open(), "layer", Reading()) for layer in sound or layers]
    none = ImageCuts((LayerCuts(),) * len(layers))
    cuts = plan_merge([scan.index for scan in scans], none, Range(1, len(layers) - 1))
    assert cuts.merge is not None
    parts = [Part(*each) for each in zip(layers, scans, cuts.layers, strict=True)][1:]
    compression = Compression.GZIP
    return merge_layers(parts, cuts.merge, blobs, compression=compression, latest=None, advance=lambda _: None)


def test_a_merged_layer_tells_its_own_digests(tmp_path: Path) -> None:
    """Read again, its blob and tar are what descriptor and DiffID say, however the parts were packed."""
    packings = (Packing.XZ, Packing.BZIP2, Packing.NONE)
    layers = [make_layer(members, packing=packing) for members, packing in zip(LAYERS, packings, strict=True)]
    written = merge(layers, tmp_path)
    stored = (tmp_path / written.descriptor.digest.hex).read_bytes()
    scan = read_layer(MemoryLayer("new", stored, written.diff_id).open(), "layer", Reading())
    assert (scan.diff_id, scan.damage, written.is_kept) == (written.diff_id, None, False)
    assert list(scan.index.paths) == ["a", "b", "below"]


@pytest.mark.parametrize("number", [1, 2])
def test_a_part_that_breaks_off_is_damage(number: int, tmp_path: Path) -> None:
    """Nothing is left of what was begun."""
    sound = [make_layer(members) for members in LAYERS]
    layers = list(sound)
    whole = layers[number]
    layers[number] = MemoryLayer("layer 7", whole.stored[: len(whole.stored) // 2], whole.diff_id, whole.descriptor)
    with pytest.raises(LayerDamageError, match="editing layer layer 7: "):
        merge(layers, tmp_path, sound=sound)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_is_told(tmp_path: Path) -> None:
    """As the source tells it."""
    sound = [make_layer(members) for members in LAYERS]
    layers = [*sound[:2], make_layer(LAYERS[2], fails=0)]
    with pytest.raises(SourceError, match="the disk failed"):
        merge(layers, tmp_path, sound=sound)
    assert list(tmp_path.iterdir()) == []


def test_a_stop_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first part is still being read."""

    def stop(pieces: Iterator[bytes], *_: object, **__: object) -> WrittenLayer:
        next(pieces)
        raise KeyboardInterrupt

    monkeypatch.setattr(under_test, "write_layer", stop)
    with pytest.raises(KeyboardInterrupt):
        merge([make_layer(members) for members in LAYERS], tmp_path)
    assert list(tmp_path.iterdir()) == []
