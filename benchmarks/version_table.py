"""The table of two versions compared, and what every table of the page is drawn with."""

from collections.abc import Iterable, Sequence

from benchmarks.measure import Series, compare_pairs
from benchmarks.results import Timing

MEBIBYTE = 1 << 20


def render_timings(timings: Iterable[Timing]) -> str:
    """Each command beside what it is held against."""
    text = """## Two versions compared, and a check

`layerscope diff` of an image against its next version, which has one more layer of 50 MB and 2,002 files, and
`layerscope check` of three images, each in turns with what it is held against. All are OCI layouts with gzip, read
from disk: where other programs are busy, CPU seconds say more than the clock. Known is what an earlier run left in the
cache. Wanted is what a person is to wait at most.
container-diff and diffoci were not measured: no place that this benchmark has its peers from
carries them. In their place stand umoci, which unpacks both images, and `diff --recursive`, which compares the folders
byte by byte; that tells which files differ, and nothing of owners, modes, times, packages, GPUs or findings."""
    heads = (
        *("images", "layerscope", "beside", "its s", "its CPU s", "layerscope s", "lowest s", "CPU s", "MiB"),
        *("wanted s", "wall ratio", "CPU ratio", "pairs"),
    )
    return "\n".join([text, "", *render_table(heads, map(_timing_row, timings))])


def _timing_row(timing: Timing) -> Sequence[object]:
    mine, theirs = Series(timing.mine), Series(timing.theirs)
    wall = compare_pairs([run.wall for run in mine.runs], [run.wall for run in theirs.runs])
    cpu = compare_pairs([run.cpu for run in mine.runs], [run.cpu for run in theirs.runs])
    return (
        *(timing.images, timing.name, timing.bound, f"{theirs.wall:.2f}", f"{theirs.cpu:.2f}", f"{mine.wall:.2f}"),
        *(f"{min(run.wall for run in mine.runs):.2f}", f"{mine.cpu:.2f}", f"{mine.peak / MEBIBYTE:,.0f}"),
        "-" if timing.wanted is None else f"{timing.wanted:.1f}",
        *(f"**{wall[0]:.2f}x** ({wall[1]:.2f}-{wall[2]:.2f})", f"{cpu[0]:.2f}x", len(mine.runs)),
    )


def render_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A table in markdown, line by line."""
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    return lines + ["| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |" for row in rows]
