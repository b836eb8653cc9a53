"""Layer surgery: every layer of an image edited and packed again, against what its stages take alone on two cores.

`python -m benchmarks.surgery write LAYOUT COMPRESSION` writes the image once, and says how long that took; `… bound …`
says how many seconds of CPU each stage takes.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from benchmarks.measure import MeasureError
from benchmarks.results import SurgeryCost, SurgeryPass
from benchmarks.stages import find_layers, read_plain
from benchmarks.store import StoredImage

from layerscope.audit.options import AuditOptions
from layerscope.audit.read_image import cache_fingerprint, read_image
from layerscope.fixes.surgery.cuts import ImageCuts, LayerCuts
from layerscope.fixes.surgery.image_writer import ImageChange, write_image
from layerscope.fixes.surgery.packing import open_packer
from layerscope.layers.cache import LayerCache
from layerscope.layers.entry import EntryType
from layerscope.layers.index import LayerIndex
from layerscope.layers.scan import Compression
from layerscope.layers.stages import Chunk
from layerscope.progress import SilentProgress
from layerscope.sources.select import select_source

ROOT = Path(__file__).parent.parent
PEAK = "VmHWM:"
T = TypeVar("T")


def measure_surgery(image: StoredImage, compression: str, *, rounds: int) -> SurgeryCost:
    """The stages alone, then the whole, in turns."""
    passes = []
    for _ in range(rounds):
        stages, run = _run("bound", image, compression), _run("write", image, compression)
        passes.append(SurgeryPass(**stages, wall=run["wall"], peak=int(run["peak"])))
    return SurgeryCost(image.name, image.form, compression, image.size, tuple(passes))


def _run(what: str, image: StoredImage, compression: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.surgery", what, str(image.path), compression]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise MeasureError(f"measuring layer surgery: {' '.join(command)} failed")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def write(path: Path, compression: Compression) -> dict[str, float]:
    """Edit every layer, which loses its last file, and time that alone; the image is read beforehand."""
    scheme = "oci-dir" if path.is_dir() else "docker-archive"
    progress = SilentProgress()
    with tempfile.TemporaryDirectory(prefix="layerscope-surgery-", dir=path.parent) as folder:
        options = AuditOptions(cache=LayerCache(Path(folder) / "cache", fingerprint=cache_fingerprint()))
        read = read_image(select_source(f"{scheme}:{path}"), options=options, progress=progress)
        layers = tuple(LayerCuts(frozenset(_find_last_file(scan.index))) for scan in read.scans)
        change = ImageChange(ImageCuts(layers), compression)
        target = Path(folder) / "layout"
        target.mkdir()
        started = time.monotonic()
        write_image(
            read.image,
            read.scans,
            change,
            target,
            annotations={},
            provenance={},
            base_layers=0,
            progress=progress,
        )
        return {"wall": time.monotonic() - started, "peak": _read_peak()}


def _find_last_file(index: LayerIndex) -> Iterator[int]:
    yield from [position for position, kind in enumerate(index.types) if kind == EntryType.FILE][-1:]


def _read_peak() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(PEAK))


def bound(path: Path, compression: Compression) -> dict[str, float]:
    """CPU seconds of each stage, one after the other; packing has what threads of its own take besides."""
    spent = dict.fromkeys(("inflate", "diff_id", "pack", "blob"), 0.0)
    began = time.process_time()
    for place in find_layers(path):
        tar, blob, packed = hashlib.sha256(), hashlib.sha256(), deque[bytes]()
        packer = open_packer(compression, partial(_keep, packed))
        chunks = read_plain(place)
        while (chunk := _clock(spent, "inflate", partial(next, chunks, None))) is not None:
            _clock(spent, "diff_id", partial(tar.update, chunk))
            packer.feed(chunk)
            _clock(spent, "blob", partial(_hash_all, blob, packed))
        packer.finish()
        _clock(spent, "blob", partial(_hash_all, blob, packed))
    spent["pack"] = time.process_time() - began - sum(spent.values())
    return spent


def _keep(packed: "deque[bytes]", piece: Chunk) -> int:
    packed.append(bytes(piece))
    return len(piece)


def _hash_all(blob: "hashlib._Hash", packed: "deque[bytes]") -> None:
    while packed:
        blob.update(packed.popleft())


def _clock(spent: dict[str, float], stage: str, work: Callable[[], T]) -> T:
    """Do some work, and add this thread's time to a stage."""
    last = time.thread_time()
    done = work()
    spent[stage] += time.thread_time() - last
    return done


def main() -> None:
    """Measure what is asked for, and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("write", "bound"))
    parser.add_argument("image", type=Path)
    parser.add_argument("compression", type=Compression)
    options = parser.parse_args()
    measure = write if options.what == "write" else bound
    print(json.dumps(measure(options.image, options.compression)))


if __name__ == "__main__":
    main()
