"""What each stage of an audit costs alone on this machine: the bound that no tool can pass."""

import dataclasses
import hashlib
import json
import sys
import tarfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.tar_walk import Piece, TarWalk

PLAIN_CHUNK = 1 << 20
PACKED_CHUNK = 1 << 16
STAGES = ("read", "blob", "inflate", "diff_id", "files", "headers")
GZIP_WINDOW = 31  # zlib's word for a gzip stream
CORES = 2  # the bound is that of two cores, whatever the machine has


class Inflater(Protocol):
    """Turns stored bytes into plain ones."""

    def decompress(self, data: bytes, /) -> bytes:
        """The plain bytes that more stored bytes give."""


@dataclass(frozen=True)
class StageCosts:
    """Seconds of CPU that the stages take on one layer."""

    read: float
    blob: float  # SHA-256 of the stored bytes, where they differ from the plain ones
    inflate: float
    diff_id: float  # SHA-256 of the plain bytes
    files: float  # SHA-256 of every regular file
    headers: float  # reading tar headers, without keeping more than a few fields
    plain_bytes: int
    entries: int

    @property
    def hashing(self) -> float:
        """Reading, decompression and SHA-256 alone."""
        return self.read + self.blob + self.inflate + self.diff_id + self.files

    @property
    def total(self) -> float:
        """All stages."""
        return self.hashing + self.headers

    @property
    def longest(self) -> float:
        """The longest stage that one core has to do alone."""
        return max(self.blob, self.inflate, self.diff_id)


def mean_costs(costs: Sequence[StageCosts]) -> StageCosts:
    """The mean of several measurements of one layer."""
    means = {stage: sum(getattr(each, stage) for each in costs) / len(costs) for stage in STAGES}
    return dataclasses.replace(costs[0], **means)


def find_bound(layers: Sequence[StageCosts], *, with_headers: bool = True) -> float:
    """Seconds that two cores need at least: for all stages of all layers, or for one stage that cannot be split."""
    costs = [layer.total if with_headers else layer.hashing for layer in layers]
    return max(sum(costs) / CORES, *(layer.longest for layer in layers))


@dataclass(frozen=True)
class LayerPlace:
    """Where a layer's stored bytes lie."""

    path: Path
    offset: int
    size: int
    compression: str


def measure_stages(path: Path) -> list[StageCosts]:
    """Measure the stages on every layer of a docker archive or an OCI layout."""
    return [_measure_layer(place) for place in find_layers(path)]


def find_layers(path: Path) -> list[LayerPlace]:
    """The layers of an image, each once."""
    if path.is_dir():
        return list(dict.fromkeys(_layout_layers(path)))
    with tarfile.open(path, "r:") as archive:
        members = {member.name: member for member in archive}
        manifest = archive.extractfile(members["manifest.json"])
        assert manifest is not None
        names = dict.fromkeys(json.loads(manifest.read())[0]["Layers"])
    return [LayerPlace(path, members[name].offset_data, members[name].size, "none") for name in names]


def _layout_layers(path: Path) -> Iterator[LayerPlace]:
    def document(digest: str) -> Path:
        return path / "blobs" / digest.replace(":", "/")

    index = json.loads((path / "index.json").read_bytes())
    manifest = json.loads(document(index["manifests"][0]["digest"]).read_bytes())
    for layer in manifest["layers"]:
        compression = layer["mediaType"].partition("+")[2]
        yield LayerPlace(document(layer["digest"]), 0, layer["size"], compression or "none")


def read_plain(place: LayerPlace) -> Iterator[bytes]:
    """The plain bytes of a layer, chunk by chunk."""
    inflater = None if place.compression == "none" else _open_inflater(place.compression)
    left = place.size
    with place.path.open("rb") as file:
        file.seek(place.offset)
        while left:
            chunk = file.read(min(left, PACKED_CHUNK if inflater else PLAIN_CHUNK))
            left -= len(chunk)
            yield inflater.decompress(chunk) if inflater else chunk


class Stopwatch:
    """Adds up this thread's CPU time by stage."""

    def __init__(self) -> None:
        """Start now."""
        self.spent = dict.fromkeys(STAGES, 0.0)
        self._last = time.thread_time()

    def lap(self, stage: str) -> None:
        """Count the time since the last lap as this stage's."""
        now = time.thread_time()
        self.spent[stage] += now - self._last
        self._last = now


def _measure_layer(place: LayerPlace) -> StageCosts:
    """One pass over a layer, with a clock between the stages."""
    packed = place.compression != "none"
    inflater = _open_inflater(place.compression) if packed else None
    stored, plain, walk, hasher = hashlib.sha256(), hashlib.sha256(), TarWalk(), FileHasher()
    total, left = 0, place.size
    with place.path.open("rb", buffering=0) as file:
        file.seek(place.offset)
        watch = Stopwatch()
        while left:
            chunk = file.read(min(left, PACKED_CHUNK if packed else PLAIN_CHUNK))
            left -= len(chunk)
            watch.lap("read")
            if inflater:
                stored.update(chunk)
                watch.lap("blob")
                chunk = inflater.decompress(chunk)
                watch.lap("inflate")
            plain.update(chunk)
            watch.lap("diff_id")
            pieces = walk.feed(chunk)
            watch.lap("headers")
            hasher.hash_pieces(chunk, pieces)
            watch.lap("files")
            total += len(chunk)
    return StageCosts(**watch.spent, plain_bytes=total, entries=len(walk.fields))


class FileHasher:
    """Hashes the files of a stream, piece by piece."""

    def __init__(self) -> None:
        """Start between two files."""
        self.digests: list[bytes] = []
        self._current = hashlib.sha256()

    def hash_pieces(self, chunk: bytes, pieces: list[Piece]) -> None:
        """Hash the pieces of one chunk."""
        view = memoryview(chunk)
        for piece in pieces:
            if piece.first:
                self._current = hashlib.sha256(view[piece.start : piece.end])
            else:
                self._current.update(view[piece.start : piece.end])
            if piece.last:
                self.digests.append(self._current.digest())


def _open_inflater(compression: str) -> Inflater:
    if compression == "zstd":
        from backports import zstd

        return zstd.ZstdDecompressor()
    from isal import isal_zlib

    inflater: Inflater = isal_zlib.decompressobj(wbits=GZIP_WINDOW)
    return inflater


if __name__ == "__main__":
    print(json.dumps([dataclasses.asdict(costs) for costs in measure_stages(Path(sys.argv[1]))]))
