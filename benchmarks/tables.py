"""Renders the figures as the tables that a person reads."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from benchmarks.measure import Series, compare_pairs
from benchmarks.peers import PEERS
from benchmarks.results import (
    ANY_IMAGE,
    BARE,
    COLD,
    HELP,
    CodePass,
    Comparison,
    ImageFigures,
    Results,
    Scenario,
)
from benchmarks.stages import CORES, STAGES, find_bound
from benchmarks.version_table import MEBIBYTE, render_table, render_timings

MEGABYTE = 10**6
GIGABYTE = 10**9
MANY_ENTRIES = 100_000  # from here on the entries outweigh everything else that a peak holds

INTRODUCTION = """# layerscope beside its peers

Written by `make bench`; the figures behind it are in `results.json`. Every pair of runs is layerscope first, the peer
next, on the same copy of the same image, in the RAM disk where it fits; layerscope starts with an empty cache. Times
are medians in seconds; a ratio is the median of the pairs' own ratios (lowest and highest in brackets) and says how
many times longer the peer took; a peak is the highest resident memory of any run, all its processes together (the
harness's own 26 MiB is the least that can be seen). CPU time is the steadier figure on a busy machine. A full audit is
the SHA-256 of every stored blob, of every layer's plain bytes (DiffID) and of every file, the merged tree, the facts
and the rules; none of the peers does all of that, and the table of peers says what each does. A run replaces the rows
that it measures again and leaves the others: the version and the date are those of the last run.

In rows of a registry, layerscope reads the image from Debian's docker-registry, which runs on the same two cores and
keeps the same blobs in the RAM disk; the peers are layerscope's own audit of the layout that was pushed there, and a
copy by skopeo that syft then reads."""

REPEAT = """## How to repeat

    make bench                                          # small and medium images, the peers that are found
    python -m benchmarks.run --large --memory           # the CUDA image too, and the peak memory of extreme images
    python -m benchmarks.run --images small --rounds 9  # one image, more pairs
    python -m benchmarks.run --peers                    # layerscope and the machine's bound, no peer
    python -m benchmarks.run --peers syft trivy         # these peers alone
    python -m benchmarks.run --large --versions         # comparisons of two versions and checks alone
    python -m benchmarks.run --no-engine --no-registry  # from files alone
    python -m benchmarks.build_images --large           # build only

Needs root, mmdebstrap, Debian's docker.io and skopeo to build the images; `pip install -e .[bench]` brings the peers.
`LAYERSCOPE_BENCH_DIR` keeps the images, `LAYERSCOPE_BENCH_PEERS` names another virtual environment with the peers,
`LAYERSCOPE_ENGINE_DIR` the private engine. The packages in the images are those of the day they are built."""


def render_results(results: Results) -> str:
    """The whole page."""
    sections = (
        INTRODUCTION,
        _render_machine(results),
        _render_peers(results),
        _render_images(results.images),
        _render_comparisons(results.comparisons),
        _render_scenarios(results.scenarios),
        render_timings(results.timings),
        _render_bound(results),
        _render_memory(results),
        _render_facts(results),
        _render_surgery(results),
        REPEAT,
    )
    return "\n\n".join(sections) + "\n"


def _render_machine(results: Results) -> str:
    words = {**results.machine, **results.versions}
    return "\n".join(["## Machine", "", *render_table(("what", "which"), words.items())])


def _render_peers(results: Results) -> str:
    rows = [
        (peer.name, results.peers[peer.name], peer.does, peer.packaged) for peer in PEERS if peer.name in results.peers
    ]
    missing = [f"- not measured: {name}: {_one_line(why)}" for name, why in sorted(results.missing.items())]
    table = render_table(("peer", "version", "what it does", "had from"), rows)
    return "\n".join(["## Peers", "", *table, *([""] if missing else []), *missing])


def _render_images(images: Iterable[ImageFigures]) -> str:
    heads = ("image", "form", "layers", "entries", "plain MB", "stored MB", "read from")
    rows = [
        (
            figures.image,
            figures.form,
            len(figures.layers),
            f"{sum(layer.entries for layer in figures.layers):,}",
            f"{sum(layer.plain_bytes for layer in figures.layers) / MEGABYTE:,.0f}",
            f"{figures.size / MEGABYTE:,.0f}",
            "RAM disk" if figures.in_memory else "disk",
        )
        for figures in images
    ]
    return "\n".join(["## Images", "", *render_table(heads, rows)])


def _render_comparisons(comparisons: Iterable[Comparison]) -> str:
    heads = (
        *("image", "form", "peer", "peer s", "peer CPU s", "peer MiB"),
        *("layerscope s", "CPU s", "MiB", "wall ratio", "CPU ratio", "pairs"),
    )
    return "\n".join(["## Cold audits, in turns", "", *render_table(heads, map(_comparison_row, comparisons))])


def _comparison_row(comparison: Comparison) -> Sequence[object]:
    mine, theirs = Series(comparison.mine), Series(comparison.theirs)
    wall = compare_pairs([run.wall for run in mine.runs], [run.wall for run in theirs.runs])
    cpu = compare_pairs([run.cpu for run in mine.runs], [run.cpu for run in theirs.runs])
    return (
        *(comparison.image, comparison.form, comparison.peer),
        *(f"{theirs.wall:.2f}", f"{theirs.cpu:.2f}", f"{theirs.peak / MEBIBYTE:,.0f}"),
        *(f"{mine.wall:.2f}", f"{mine.cpu:.2f}", f"{mine.peak / MEBIBYTE:,.0f}"),
        *(f"**{wall[0]:.2f}x** ({wall[1]:.2f}-{wall[2]:.2f})", f"{cpu[0]:.2f}x", len(mine.runs)),
    )


def _render_scenarios(scenarios: Iterable[Scenario]) -> str:
    heads = ("image", "how", "median s", "lowest s", "CPU s", "peak MiB", "runs")
    rows = []
    for scenario in scenarios:
        series = Series(scenario.runs)
        lowest = min(run.wall for run in scenario.runs)
        times = (f"{series.wall:.2f}", f"{lowest:.2f}", f"{series.cpu:.2f}")
        rows.append(
            (scenario.image or "-", scenario.name, *times, f"{series.peak / MEBIBYTE:,.0f}", len(scenario.runs))
        )
    return "\n".join(["## layerscope alone", "", *render_table(heads, rows)])


def _render_bound(results: Results) -> str:
    text = """## The machine's bound

CPU seconds of each stage alone on the same image, while every core does the same, as in an audit (medians of the
passes). The bound is their sum over two cores, or the longest stage of one layer that one core has to do alone,
whichever is larger: once for reading, decompression and SHA-256, once with reading the tar headers. Each pass is
followed by a cold audit, and by one that reads, proves and merges the layers and asks nothing else. Reached is that
second bound over an audit's wall time, the median of the pairs (lowest and highest in brackets): how near it comes to
what no tool can pass. Busy is the CPU of all of an audit's own stages, start, merge, facts and report among them, over
two cores, by its wall time: how well it uses the cores it has."""
    heads = (
        *("image", "form", "read", "blob", "inflate", "DiffID", "files", "headers", "bound, hashing alone", "bound"),
        *("audit s", "reached", "busy", "without facts s", "reached without", "busy without"),
    )
    known = {scenario.key: scenario for scenario in results.scenarios}
    rows = [_bound_row(figures, known) for figures in results.images]
    return "\n".join([text, "", *render_table(heads, rows)])


def _bound_row(figures: ImageFigures, known: Mapping[tuple[str, ...], Scenario]) -> Sequence[object]:
    stages = [median(sum(getattr(layer, name) for layer in layers) for layers in figures.passes) for name in STAGES]
    hashing = median(find_bound(layers, with_headers=False) for layers in figures.passes)
    bounds = [find_bound(layers) for layers in figures.passes]
    cold, bare = (known.get((figures.image, f"{name}, {figures.form}")) for name in (COLD, BARE))
    seconds = [*stages, hashing, median(bounds)]
    told = (*_reach(bounds, cold), _tell_busy(cold), *_reach(bounds, bare), _tell_busy(bare))
    return (figures.image, figures.form, *(f"{each:.2f}" for each in seconds), *told)


def _tell_busy(scenario: Scenario | None) -> str:
    """The share of all cores' time that its runs used."""
    if not scenario:
        return "-"
    series = Series(scenario.runs)
    return f"{series.cpu / CORES / series.wall:.0%}"


def _reach(bounds: Sequence[float], scenario: Scenario | None) -> Sequence[str]:
    """How long the audits took, and which share of that the bound of the pass before each of them is."""
    if not scenario or len(scenario.runs) != len(bounds):
        return "-", "-"
    shares = [bound / run.wall for bound, run in zip(bounds, scenario.runs, strict=True)]
    return f"{Series(scenario.runs).wall:.2f}", f"**{median(shares):.0%}** ({min(shares):.0%}-{max(shares):.0%})"


def _render_memory(results: Results) -> str:
    text = (
        "## Peak memory\n\nPer entry is what the peak has above that of `layerscope --help`, over the image's entries."
    )
    start = {scenario.key: scenario for scenario in results.scenarios}.get((ANY_IMAGE, HELP))
    floor = min(run.peak for run in start.runs) if start else 0
    rows = []
    for figures in results.images:
        cold = next((s for s in results.scenarios if s.key == (figures.image, f"{COLD}, {figures.form}")), None)
        if cold:
            peak = Series(cold.runs).peak
            entries = sum(layer.entries for layer in figures.layers)
            rows.append(
                (
                    figures.image,
                    figures.form,
                    f"{entries:,}",
                    f"{peak / MEBIBYTE:,.0f}",
                    _divide(peak - floor, entries),
                )
            )
    return "\n".join([text, "", *render_table(("image", "form", "entries", "peak MiB", "bytes an entry"), rows)])


def _render_facts(results: Results) -> str:
    text = """## What facts cost

Cold audits in turns: the first reads, proves and merges the layers and nothing else, the second collects every fact and
runs every rule. A ratio is the median of the pairs' own ratios (lowest and highest in brackets). Below: listing the
device code of an image's larger objects (those above 1 MiB, up to 2 GB of them) from memory, beside SHA-256 and a mere
copy of the same bytes, by one thread's CPU time. A warm audit with every rule is the row "warm" above."""
    heads = ("image", "form", "without s", "with s", "wall ratio", "CPU s without", "CPU s with", "CPU ratio", "pairs")
    rows: list[Sequence[object]] = []
    for cost in results.facts:
        bare, full = Series(cost.without), Series(cost.with_facts)
        wall = compare_pairs([run.wall for run in bare.runs], [run.wall for run in full.runs])
        cpu = compare_pairs([run.cpu for run in bare.runs], [run.cpu for run in full.runs])
        seconds = (f"{bare.wall:.2f}", f"{full.wall:.2f}", f"**{wall[0]:.2f}x** ({wall[1]:.2f}-{wall[2]:.2f})")
        cores = (f"{bare.cpu:.2f}", f"{full.cpu:.2f}", f"{cpu[0]:.2f}x ({cpu[1]:.2f}-{cpu[2]:.2f})")
        rows.append((cost.image, cost.form, *seconds, *cores, len(full.runs)))
    speeds = ("image", "form", "objects", "MB", "device code GB/s", "SHA-256 GB/s", "copy GB/s", "passes")
    code = [
        (
            *(speed.image, speed.form, speed.objects, f"{speed.size / MEGABYTE:,.0f}"),
            *(_speed(speed.size, speed.passes, name) for name in ("scan", "hash", "copy")),
            len(speed.passes),
        )
        for speed in results.code
    ]
    return "\n".join([text, "", *render_table(heads, rows), "", *render_table(speeds, code)])


def _render_surgery(results: Results) -> str:
    text = """## Layer surgery

Every layer of an image loses one file and is packed again. The bound is what two cores need at least for unpacking,
SHA-256 of the tar, packing, and SHA-256 of the blob, each measured alone in the same round; reached is the bound over
the time it took, from the first byte read to the last one written (median, lowest and highest in brackets)."""
    heads = ("image", "form", "packed as", "MB stored", "seconds", "bound s", "reached", "peak MiB", "rounds")
    rows = []
    for cost in results.surgery:
        shares = sorted(each.bound / each.wall for each in cost.passes)
        reached = f"**{median(shares):.0%}** ({shares[0]:.0%}-{shares[-1]:.0%})"
        seconds = (
            f"{median(each.wall for each in cost.passes):.2f}",
            f"{median(each.bound for each in cost.passes):.2f}",
        )
        peak = f"{max(each.peak for each in cost.passes) / MEBIBYTE:,.0f}"
        stored = f"{cost.size / MEGABYTE:,.0f}"
        rows.append((cost.image, cost.form, cost.compression, stored, *seconds, reached, peak, len(cost.passes)))
    return "\n".join([text, "", *render_table(heads, rows)])


def _speed(size: int, passes: Sequence[CodePass], name: str) -> str:
    """The median speed of one way over the same bytes."""
    return f"{size / GIGABYTE / median(getattr(each, name) for each in passes):.2f}"


def _divide(size: int, entries: int) -> str:
    return f"{size / entries:,.0f}" if entries >= MANY_ENTRIES else "-"


def _one_line(text: str) -> str:
    return " ".join(text.split())
