"""What facts cost: a cold audit with and without them, in turns; and how fast device code is read from warm memory.

python -m benchmarks.facts_cost LAYOUT [--rounds 3]     # any OCI layout; prints, keeps nothing
"""

import argparse
import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.layerscope_runs import Audit
from benchmarks.results import CodePass, CodeSpeed, FactsCost
from benchmarks.rounds import take_turns
from benchmarks.stages import LayerPlace, find_layers, read_plain
from benchmarks.store import Form, StoredImage
from benchmarks.tar_walk import TarWalk

from layerscope.formats.fatbinary import FatbinaryScanner
from layerscope.layers.reading import PLAIN_CHUNK

ELF = b"\x7fELF"
ENOUGH = 2_000_000_000  # bytes of objects that are held in memory for the measurement
SMALLEST = 1 << 20  # small objects are Python's extension modules: all start-up, no device code


def measure_facts(image: StoredImage, scratch: Path, *, rounds: int) -> FactsCost:
    """A cold audit without facts and one with all of them, in turns."""
    bare, full = Audit(image.reference, without="facts"), Audit(image.reference)
    without, with_facts = take_turns(bare.run, full.run, scratch, rounds=rounds)
    return FactsCost(image.name, image.form, without, with_facts)


def measure_code(image: StoredImage, *, rounds: int) -> CodeSpeed:
    """The device code of an image's objects, read from memory, and SHA-256 and a copy of the same bytes, in turns."""
    objects = read_objects(image.path)
    ways: tuple[Callable[[bytes], object], ...] = (_scan, _hash, _copy)
    passes = tuple(CodePass(*(_time(way, objects) for way in ways)) for _ in range(rounds))
    return CodeSpeed(image.name, image.form, len(objects), sum(map(len, objects)), passes)


def read_objects(path: Path) -> list[bytes]:
    """The larger ELF files of an image, in the order of its layers, until there are enough."""
    objects, size = [], 0
    for body in (body for place in find_layers(path) for body in _iter_bodies(place)):
        objects.append(body)
        size += len(body)
        if size > ENOUGH:
            break
    return objects


def _iter_bodies(place: LayerPlace) -> Iterator[bytes]:
    walk, pieces, wanted = TarWalk(), list[bytes](), False
    for chunk in read_plain(place):
        for piece in walk.feed(chunk):
            if piece.first:
                pieces, wanted = [], chunk.startswith(ELF, piece.start)
            if wanted:
                pieces.append(chunk[piece.start : piece.end])
            if piece.last and wanted and sum(map(len, pieces)) >= SMALLEST:
                yield b"".join(pieces)


def _time(way: Callable[[bytes], object], objects: list[bytes]) -> float:
    """Seconds of this thread's CPU that something takes on all objects."""
    started = time.thread_time()
    for content in objects:
        way(content)
    return time.thread_time() - started


def _scan(content: bytes) -> object:
    scanner, view = FatbinaryScanner(len(content)), memoryview(content)
    for start in range(0, len(content), PLAIN_CHUNK):
        scanner.feed(view[start : start + PLAIN_CHUNK])
    return scanner.finish()


def _hash(content: bytes) -> object:
    return hashlib.sha256(content).digest()


def _copy(content: bytes) -> object:
    view = memoryview(content)
    for start in range(0, len(content), PLAIN_CHUNK):
        bytes(view[start : start + PLAIN_CHUNK])
    return None


def main() -> None:
    """Measure on the OCI layout named on the command line and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("layout", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    image = StoredImage(options.layout.name, Form.OCI_GZIP, options.layout)
    print(measure_code(image, rounds=options.rounds))
    with tempfile.TemporaryDirectory(prefix="layerscope-bench-") as folder:
        scratch = Path(folder)
        cost = measure_facts(image, scratch, rounds=options.rounds)
        for bare, full in zip(cost.without, cost.with_facts, strict=True):
            print(
                f"wall {bare.wall:.2f} -> {full.wall:.2f} s ({full.wall / bare.wall:.2f}x), "
                f"CPU {bare.cpu:.2f} -> {full.cpu:.2f} s ({full.cpu / bare.cpu:.2f}x)"
            )
        kept = scratch / "kept"
        kept.mkdir()
        audit = Audit(image.reference)
        audit.run(kept)
        print("warm", *(f"{audit.run(kept).wall:.2f} s" for _ in range(options.rounds)))


if __name__ == "__main__":
    main()
