"""Layers that lie on this host are read by processes, with the same answers as in one."""

import gzip
import io
import os
import signal
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from msgspec import structs

from layerscope.errors import SourceError
from layerscope.facts.extractors import EXTRACTORS
from layerscope.image.digest import Digest
from layerscope.image.layer import ByteStream
from layerscope.layers import parallel
from layerscope.layers.cache import LayerCache, fingerprint
from layerscope.layers.parallel import read_layers
from layerscope.layers.reading import Reading, ReadingStoppedError
from layerscope.layers.scan import DamageKind, LayerScan, Proof
from layerscope.progress import SilentProgress
from layerscope.sources.blobs import StoredLayer
from layerscope.sources.file_range import FileSlice
from layerscope.sources.folder_layer import make_folder_layer
from layerscope.sources.stored_file import HeldFile, stamp_file
from support.engine_storage import iter_records, pack_records, unpack_layer
from support.memory_layer import MemoryLayer, claim, stamp_of
from support.tar_writer import directory, file, write_tar


@pytest.fixture(autouse=True)
def _small_layers_are_worth_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes are started for layers of any size."""
    monkeypatch.setattr(parallel, "WORTH_WORKERS", 0)


@pytest.fixture
def cache(tmp_path: Path) -> LayerCache:
    """An empty cache."""
    return LayerCache(tmp_path / "cache", fingerprint=fingerprint(()))


@dataclass(frozen=True)
class LocalLayer(MemoryLayer):
    """A layer in a file; opening it writes the number of the process that does to another file."""

    folder: Path = Path()
    suits_workers: bool = True
    is_addressed: bool = False

    def open(self) -> ByteStream:
        """Open the file."""
        with (self.folder / "opened").open("a") as log:
            log.write(f"{os.getpid()}\n")
        return (self.folder / self.name).open("rb")

    def open_range(self, offset: int, size: int) -> ByteStream:
        """Open a part of the file."""
        return io.BytesIO((self.folder / self.name).read_bytes()[offset : offset + size])


@dataclass(frozen=True)
class DyingLayer(LocalLayer):
    """A layer whose bytes end the process that reads them."""

    def open(self) -> ByteStream:
        """Die as if the kernel had run out of memory."""
        os.kill(os.getpid(), signal.SIGKILL)
        return super().open()


class HalfKnown(io.BytesIO):
    """A stream whose first bytes came from an earlier reading."""

    resumed_at = 5
    forgotten = 0

    def forget(self) -> None:
        """Count how often that was asked for."""
        type(self).forgotten += 1


@dataclass(frozen=True)
class ResumedLayer(MemoryLayer):
    """A layer that is damaged as long as it comes from an earlier reading."""

    def open(self) -> ByteStream:
        """The first time from there."""
        self.opened.append(self.name)
        return HalfKnown(b"garbage" * 1000) if len(self.opened) == 1 else io.BytesIO(self.stored)


@dataclass
class CountingProgress(SilentProgress):
    """Adds up what it is told."""

    done: Counter[str] = field(default_factory=Counter)
    finished: list[str] = field(default_factory=list)

    def advance(self, key: str, amount: int) -> None:
        """Count bytes."""
        self.done[key] += amount

    def finish(self, key: str) -> None:
        """Count the end."""
        self.finished.append(key)


def make_layers(folder: Path, count: int, *, size: int = 5000) -> list[LocalLayer]:
    """Gzip'ed layers with one file each, in files of one folder that changed long ago."""
    layers = []
    for number in range(count):
        tar = write_tar([file(f"f{number}", os.urandom(size))])
        stored = gzip.compress(tar, mtime=0)
        path = folder / f"layer{number}"
        path.write_bytes(stored)
        stamp = structs.replace(stamp_of(path), modified_ns=10**9, changed_ns=10**9)
        layers.append(LocalLayer(path.name, stored, Digest.of(tar), claim(stored), stamp, folder=folder))
    return layers


def list_children() -> set[str]:
    """The processes that this one has started and not waited for."""
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def summarise(scans: list[LayerScan]) -> list[tuple[object, ...]]:
    """What scans say, apart from how they came about."""
    return [(scan.diff_id, scan.blob, list(scan.index), scan.extracts, scan.damage) for scan in scans]


def test_processes_say_what_one_says(tmp_path: Path, cache: LayerCache) -> None:
    """Scans stand in the order of the layers, each read elsewhere, and all is in the cache afterwards."""
    layers = make_layers(tmp_path, 7)
    alone = read_layers(layers, Reading(), cache=LayerCache(tmp_path / "other", fingerprint="x"), jobs=1)
    assert {int(pid) for pid in (tmp_path / "opened").read_text().split()} == {os.getpid()}
    (tmp_path / "opened").unlink()
    together = read_layers(layers, Reading(), cache=cache, jobs=3)
    assert summarise(together) == summarise(alone)
    pids = [int(pid) for pid in (tmp_path / "opened").read_text().split()]
    assert (len(pids), os.getpid() in pids) == (7, False)
    for layer in layers:
        assert cache.has_layer(layer.diff_id)
        assert layer.stamp is not None
        assert cache.find_stamp(layer.stamp) is not None


def test_known_blobs_are_proved_by_processes_too(tmp_path: Path, cache: LayerCache) -> None:
    """A blob that the cache knows from another place is hashed only."""
    layers = make_layers(tmp_path, 3)
    read_layers(layers, Reading(), cache=cache, jobs=1)
    moved = [replace(layer, stamp=None) for layer in layers]
    again = read_layers(moved, Reading(), cache=cache, jobs=2)
    assert [(scan.proof, scan.index.paths) for scan in again] == [(Proof.READ, [f"f{n}"]) for n in range(3)]


def test_progress_is_told_by_layer(tmp_path: Path, cache: LayerCache) -> None:
    """Every byte, and every end."""
    progress = CountingProgress()
    layers = make_layers(tmp_path, 3, size=3 << 20)
    read_layers(layers, Reading(progress=progress), cache=cache, jobs=2)
    assert sorted(progress.finished) == ["layer0", "layer1", "layer2"]
    assert progress.done == {layer.name: len(layer.stored) for layer in layers}


def test_damage_is_no_error(tmp_path: Path, cache: LayerCache) -> None:
    """A damaged layer comes back as far as it could be read, beside whole ones."""
    layers = make_layers(tmp_path, 3)
    (tmp_path / "layer1").write_bytes(layers[1].stored[:-20])
    scans = read_layers(layers, Reading(), cache=cache, jobs=2)
    assert [scan.damage is None for scan in scans] == [True, False, True]
    assert scans[1].damage is not None
    assert scans[1].damage.kind is DamageKind.TRUNCATED


def test_trouble_with_the_cache_is_told(tmp_path: Path) -> None:
    """What goes wrong in a worker's cache is a note of the audit's."""
    (tmp_path / "cache").write_text("a file in the folder's place")
    cache = LayerCache(tmp_path / "cache", fingerprint="x")
    read_layers(make_layers(tmp_path, 3), Reading(), cache=cache, jobs=2)
    assert any("cannot be" in note for note in cache.notes)


def test_a_process_that_dies_is_told_with_its_layer(tmp_path: Path, cache: LayerCache) -> None:
    """Which layer it was reading, and what can be done; nothing waits for ever."""
    whole = make_layers(tmp_path, 2)
    dying = DyingLayer("layer9", b"x" * 9000, whole[0].diff_id, folder=tmp_path)
    with pytest.raises(SourceError, match=r"reading layer9: process \d+, which was at work on it, has ended.*--jobs 1"):
        read_layers([*whole, dying], Reading(), cache=cache, jobs=2)


class Interrupting(SilentProgress):
    """Progress that fails in the middle, as Ctrl-C would."""

    def finish(self, key: str) -> None:
        """Break off."""
        raise KeyboardInterrupt


def test_an_interrupted_reading_leaves_no_process(tmp_path: Path, cache: LayerCache) -> None:
    """Every worker has ended when the error is passed on."""
    before = list_children()
    with pytest.raises((KeyboardInterrupt, ReadingStoppedError)):
        read_layers(make_layers(tmp_path, 9), Reading(progress=Interrupting()), cache=cache, jobs=3)
    assert list_children() == before


def test_a_host_that_allows_no_process_is_no_hindrance(
    tmp_path: Path, cache: LayerCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads read what processes cannot."""

    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    scans = read_layers(make_layers(tmp_path, 3), Reading(), cache=cache, jobs=2)
    assert [scan.index.paths for scan in scans] == [["f0"], ["f1"], ["f2"]]


def test_an_image_on_standard_input_is_read_by_processes(tmp_path: Path, cache: LayerCache) -> None:
    """A file that is known by its descriptor alone is as good as one by its path."""
    tars = [write_tar([file(name, os.urandom(5000))]) for name in "ab"]
    path = tmp_path / "archive"
    path.write_bytes(b"".join(tars))
    with path.open("rb") as stdin:
        held = HeldFile(stdin, where="standard input", identity=stamp_file(os.fstat(stdin.fileno())))
        path.unlink()
        parts = [FileSlice(f"layer{n}", held, n * len(tars[0]), len(tars[n]), len(tars[n])) for n in range(2)]
        layers = [StoredLayer(part.name, Digest.of(tar), None, part) for part, tar in zip(parts, tars, strict=True)]
        assert all(layer.suits_workers for layer in layers)
        scans = read_layers(layers, Reading(), cache=cache, jobs=2)
    assert [(scan.diff_id, scan.index.paths) for scan in scans] == [
        (Digest.of(tar), [name]) for tar, name in zip(tars, "ab", strict=True)
    ]


def test_an_engine_s_folders_are_read_by_processes(tmp_path: Path, cache: LayerCache) -> None:
    """Layers that an engine keeps unpacked are put together where they are read."""
    layers = []
    for number in range(3):
        tar = write_tar([directory("d"), file(f"d/f{number}", os.urandom(5000))])
        folder, records = tmp_path / f"diff{number}", tmp_path / f"records{number}.gz"
        unpack_layer(tar, folder)
        records.write_bytes(pack_records(iter_records(tar)))
        layers.append(make_folder_layer(Digest.of(tar), records=records, folder=folder, tar_size=len(tar)))
    scans = read_layers(layers, Reading(), cache=cache, jobs=2)
    assert [scan.diff_id for scan in scans] == [layer.diff_id for layer in layers]
    assert all(cache.has_layer(layer.diff_id) for layer in layers)


def test_extractors_work_in_processes(tmp_path: Path, cache: LayerCache) -> None:
    """What they keep of files comes back with the layer."""
    layers = []
    for number in range(2):
        tar = write_tar([file("etc/os-release", f"ID=release{number}\n".encode())])
        (tmp_path / f"layer{number}").write_bytes(tar)
        layers.append(LocalLayer(f"layer{number}", tar, Digest.of(tar), folder=tmp_path))
    scans = read_layers(layers, Reading(EXTRACTORS), cache=cache, jobs=2)
    kept = [scan.extracts["os-release"] for scan in scans]
    assert kept == [{"etc/os-release": {"ID": f"release{number}"}} for number in range(2)]


def test_layers_that_only_this_process_can_open_stay_here(tmp_path: Path, cache: LayerCache) -> None:
    """One such layer among them, and threads read all."""
    layers = make_layers(tmp_path, 3)
    layers[1] = replace(layers[1], suits_workers=False)
    read_layers(layers, Reading(), cache=cache, jobs=2)
    assert {int(pid) for pid in (tmp_path / "opened").read_text().split()} == {os.getpid()}


def test_an_earlier_reading_is_not_held_against_a_layer(tmp_path: Path) -> None:
    """What it left may be wrong: it is forgotten, and the layer is read anew."""
    tar = write_tar([file("a", b"content")])
    layer = ResumedLayer("layer", tar, Digest.of(tar))
    cache = LayerCache(tmp_path / "cache", fingerprint="f")
    [scan] = read_layers([layer], Reading(), cache=cache, jobs=1)
    assert (scan.damage, scan.diff_id, scan.resumed_at) == (None, layer.diff_id, 0)
    assert HalfKnown.forgotten == 1
    assert len(layer.opened) == 2
