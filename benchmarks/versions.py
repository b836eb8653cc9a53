"""Measures `layerscope diff` on two versions of an image, and `layerscope check`, each beside what bounds it."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.layerscope_runs import run_command
from benchmarks.measure import Command, Measurement, measure
from benchmarks.next_image import write_next, write_top
from benchmarks.results import Timing
from benchmarks.rounds import Run, take_turns
from benchmarks.store import Form, StoredImage, image_store, stored
from benchmarks.told_differences import COMPARE, require_told

DIFF_SECONDS = 2.0
"""Wanted of a comparison of two images whose layers are all known."""
CHECK_SECONDS = 1.0
"""Wanted of a check of three images before a push."""
CHECKED = 3

UNMEASURED = {
    "container-diff": "packaged by none of Debian, PyPI and npm, where this benchmark has its peers from",
    "diffoci": "packaged by none of Debian, PyPI and npm, where this benchmark has its peers from",
}
"""Programs that compare images and are no peers here, and why; umoci and diff stand in for them."""

UNPACKED = frozenset({"small", "medium"})
"""Images that a peer unpacks: for the large one that takes minutes, and 12 GB."""
PROGRAMS = ("umoci", "diff")
ALIKE_OR_NOT = frozenset({0, 1})


def measure_versions(name: str, *, rounds: int) -> Iterator[Timing]:
    """Comparing an image with its next version, which has one more layer: all known, a part, or nothing."""
    image = stored(name, Form.OCI_GZIP)
    with tempfile.TemporaryDirectory(prefix=".layerscope-bench-", dir=image_store()) as place:
        folder = Path(place)
        following = StoredImage(f"{name} and a layer", image.form, folder / "next")
        write_next(image, following.path)
        yield from _measure_known(image, following, folder, rounds=rounds)
        yield from _measure_unknown(image, following, folder, rounds=rounds)
        if name in UNPACKED and all(map(shutil.which, PROGRAMS)):
            yield from _measure_unpacked(image, following, folder, rounds=rounds)


def measure_check(names: Sequence[str], *, rounds: int) -> Iterator[Timing]:
    """Checking three images that are known, beside an audit of each."""
    images = [stored(name, Form.OCI_GZIP) for name in names][-CHECKED:]
    if len(images) < CHECKED:
        return
    references = tuple(image.reference for image in images)
    with tempfile.TemporaryDirectory(prefix="layerscope-bench-") as place:
        folder = Path(place)
        _audit_each(references, folder)
        mine, theirs = _turn(("check", *references), partial(_audit_each, references), folder, rounds=rounds)
    told = ", ".join(image.name for image in images)
    yield Timing(told, "check, all known", "an audit of each, all known", CHECK_SECONDS, mine, theirs)


def _measure_known(image: StoredImage, following: StoredImage, folder: Path, *, rounds: int) -> Iterator[Timing]:
    references = (image.reference, following.reference)
    kept = folder / "kept"
    kept.mkdir()
    _audit_each(references, kept)
    told, bound = _name(image, following), "an audit of each, all known"
    for name, options in (("diff, all known", ()), ("diff as JSON, all known", ("--output", "json"))):
        mine, theirs = _turn(("diff", *references, *options), partial(_audit_each, references), kept, rounds=rounds)
        yield Timing(told, name, bound, DIFF_SECONDS, mine, theirs)


def _measure_unknown(image: StoredImage, following: StoredImage, folder: Path, *, rounds: int) -> Iterator[Timing]:
    """With the first image known: what is not shared, and a comparison; with nothing known: the second one alone."""
    top = StoredImage("the layer alone", image.form, folder / "top")
    write_top(following, top.path)
    diff = ("diff", image.reference, following.reference)
    told = _name(image, following)
    kept = folder / "kept"  # everything is known here

    def run_first_known(scratch: Path) -> Measurement:
        _audit_each((image.reference,), scratch)
        return run_command(diff, scratch)

    def run_parts(scratch: Path) -> Measurement:
        return _audit_each((top.reference,), scratch) + run_command(diff, kept)

    mine, theirs = take_turns(run_first_known, run_parts, folder, rounds=rounds)
    yield Timing(told, "diff, the first known", "the layer audited alone, and a diff, all known", None, mine, theirs)
    audit = partial(_audit_each, (following.reference,))
    mine, theirs = take_turns(partial(run_command, diff), audit, folder, rounds=rounds)
    yield Timing(told, "diff, nothing known", "an audit of the second alone, nothing known", None, mine, theirs)


def _measure_unpacked(image: StoredImage, following: StoredImage, folder: Path, *, rounds: int) -> Iterator[Timing]:
    """Beside the plain tools: both unpacked by umoci, once, and compared by diff; and the comparison alone."""
    diff, told = ("diff", image.reference, following.reference), _name(image, following)
    cold, roots = folder / "cold", folder / "roots"
    cold.mkdir()
    roots.mkdir()
    mine = run_command(diff, cold)
    theirs = _unpack((image, following), roots) + _compare_roots(roots)
    require_told(diff[1:], _list_roots(roots), folder / "kept" / "layerscope")
    yield Timing(told, "diff, nothing known", "umoci unpack of both, then diff --recursive", None, (mine,), (theirs,))
    warm, compared = _turn(diff, lambda _: _compare_roots(roots), folder / "kept", rounds=rounds)
    yield Timing(told, "diff, all known", "diff --recursive of both, unpacked before", None, warm, compared)


def _turn(
    words: tuple[str, ...], beside: Run, kept: Path, *, rounds: int
) -> tuple[tuple[Measurement, ...], tuple[Measurement, ...]]:
    """Run a command and what it is held against in turns, with everything known."""
    run_command(words, kept)
    mine, theirs = [], []
    for _ in range(rounds):
        mine.append(run_command(words, kept))
        theirs.append(beside(kept))
    return tuple(mine), tuple(theirs)


def _audit_each(references: Sequence[str], folder: Path) -> Measurement:
    first, *others = (run_command(("audit", reference), folder) for reference in references)
    return sum(others, first)


def _unpack(images: Sequence[StoredImage], folder: Path) -> Measurement:
    first, *others = (
        measure(Command(("umoci", "unpack", "--image", f"{image.path}:1", str(folder / str(number)))))
        for number, image in enumerate(images)
    )
    return sum(others, first)


def _compare_roots(folder: Path) -> Measurement:
    return measure(Command((*COMPARE, *map(str, _list_roots(folder))), accepted=ALIKE_OR_NOT))


def _list_roots(folder: Path) -> tuple[Path, Path]:
    return folder / "0" / "rootfs", folder / "1" / "rootfs"


def _name(image: StoredImage, following: StoredImage) -> str:
    return f"{image.name} against {following.name}"
