"""Runs layerscope and a peer in turns, so that both meet the same moments of a busy machine."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.layerscope_runs import Audit
from benchmarks.measure import Measurement, measure
from benchmarks.peers import Peer
from benchmarks.results import Comparison
from benchmarks.store import RAM_DISK, StoredImage, copy_image, fits_in_memory

SPARE_MEMORY = 4 * 10**9  # for the programs themselves: a catalogue of 3 GB takes more than 2
UNPACKED = 4  # a compressed image's plain size, at most, in multiples of its stored size
PEER_SECONDS = 400.0  # a peer that has taken this long is not started again

Run = Callable[[Path], Measurement]


@contextmanager
def workplace(image: StoredImage) -> Iterator[tuple[StoredImage, Path]]:
    """A copy of an image and a scratch folder in the RAM disk, or the image itself where memory is short."""
    unpacked = image.size * (1 if image.path.is_file() else UNPACKED)
    in_memory = fits_in_memory(image.size + unpacked, spare=SPARE_MEMORY)
    with tempfile.TemporaryDirectory(prefix="layerscope-bench-", dir=RAM_DISK if in_memory else None) as folder:
        scratch = Path(folder, "scratch")
        scratch.mkdir()
        yield (copy_image(image, Path(folder)) if in_memory else image), scratch


def compare(image: StoredImage, peer: Peer, scratch: Path, *, rounds: int) -> Comparison:
    """Audit an image cold and let the peer have it, in turns."""
    mine, theirs = take_turns(
        Audit(image.reference, equal_work=peer.equal_work, without=peer.without).run,
        lambda folder: measure(peer.command(image, folder)),
        scratch,
        rounds=rounds,
    )
    return Comparison(image.name, image.form, peer.name, mine, theirs)


def take_turns(
    first: Run, second: Run, scratch: Path, *, rounds: int
) -> tuple[tuple[Measurement, ...], tuple[Measurement, ...]]:
    """Run two things in turns, as often as asked or as the second one's time allows, each in an empty folder."""
    mine: list[Measurement] = []
    theirs: list[Measurement] = []
    while len(theirs) < rounds and sum(run.wall for run in theirs) < PEER_SECONDS:
        mine.append(run_empty(first, scratch))
        theirs.append(run_empty(second, scratch))
    return tuple(mine), tuple(theirs)


def run_empty(run: Run, scratch: Path) -> Measurement:
    """Run something in a scratch folder of its own, gone when the clock has stopped."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    try:
        return run(folder)
    finally:
        shutil.rmtree(folder)
