"""Measures layerscope against the peers found on this machine and writes the tables."""

import argparse
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec
from benchmarks.build_images import DEFAULT_IMAGES, build_image
from benchmarks.engine import start_engine, tag
from benchmarks.facts_cost import measure_code, measure_facts
from benchmarks.layerscope_runs import Audit, run_help
from benchmarks.machine import describe_machine, describe_versions
from benchmarks.measure import MeasureError
from benchmarks.peers import LAYOUTS, PEERS, Peer
from benchmarks.registry import compare_registry, find_programs
from benchmarks.results import (
    ANY_IMAGE,
    BARE,
    COLD,
    HELP,
    IN_PLACE,
    SAVE,
    STDIN,
    TABLES,
    WARM,
    Comparison,
    ImageFigures,
    Results,
    Scenario,
    name_comparison,
    read_results,
    write_results,
)
from benchmarks.rounds import compare, run_empty, take_turns, workplace
from benchmarks.stages import CORES, StageCosts, mean_costs
from benchmarks.store import Form, StoredImage, stored
from benchmarks.surgery import measure_surgery
from benchmarks.synthetic import SYNTHETIC
from benchmarks.tables import render_results
from benchmarks.versions import UNMEASURED, measure_check, measure_versions

ROOT = Path(__file__).parent.parent
ENGINE_ROUNDS = 2  # the engine needs minutes to save an image


def bench_form(image: StoredImage, *, rounds: int, peers: Sequence[Peer] = PEERS) -> Results:
    """Everything that is measured on an image in one form."""
    with workplace(image) as (copy, scratch):
        say(f"{image.name} {image.form}: the bound, cold and warm")
        passes, cold = bench_cold(copy, scratch, rounds=rounds)
        figures = ImageFigures(image.name, image.form, copy.size, passes, copy.path != image.path)
        scenarios = [*cold, *bench_cache(copy, scratch, rounds=rounds)]
        comparisons: list[Comparison] = []
        missing: dict[str, str] = {}
        for peer in peers:
            if image.form not in peer.forms or not peer.find_program():
                continue
            say(f"{image.name} {image.form}: {peer.name}")
            try:
                comparisons.append(compare(copy, peer, scratch, rounds=rounds))
            except MeasureError as error:
                missing[name_comparison(peer.name, image.name, image.form)] = str(error)
    return Results(images=(figures,), comparisons=tuple(comparisons), scenarios=tuple(scenarios), missing=missing)


def bench_cold(
    image: StoredImage, scratch: Path, *, rounds: int
) -> tuple[tuple[tuple[StageCosts, ...], ...], tuple[Scenario, Scenario]]:
    """What the stages cost alone, and the tool with an empty cache, as it is and without facts, in turns."""
    passes, full, bare = [], [], []
    for _ in range(rounds):
        passes.append(measure_bound(image.path))
        full.append(run_empty(Audit(image.reference).run, scratch))
        bare.append(run_empty(Audit(image.reference, without="facts").run, scratch))
    named = ((COLD, full), (BARE, bare))
    whole, alone = (Scenario(image.name, f"{name}, {image.form}", tuple(runs)) for name, runs in named)
    return tuple(passes), (whole, alone)


def bench_cache(image: StoredImage, scratch: Path, *, rounds: int) -> Iterator[Scenario]:
    """The tool alone: with a cache that knows every layer, and from a pipe."""
    audit = Audit(image.reference)
    folder = scratch / "kept"
    folder.mkdir()
    audit.run(folder)
    yield Scenario(image.name, f"{WARM}, {image.form}", tuple(audit.run(folder) for _ in range(rounds)))
    if image.form is Form.DOCKER_ARCHIVE:
        piped = Audit("-", stdin=image.path)
        yield Scenario(image.name, STDIN, tuple(run_empty(piped.run, scratch) for _ in range(rounds)))


def bench_facts(image: StoredImage, *, rounds: int) -> Results:
    """What facts cost on an image, and how fast its device code is read."""
    say(f"{image.name} {image.form}: the cost of facts")
    with workplace(image) as (copy, scratch):
        cost = measure_facts(copy, scratch, rounds=rounds)
        with ProcessPoolExecutor(1) as apart:  # what holds 2 GB would be taken for the peak of all that it starts
            code = apart.submit(measure_code, copy, rounds=rounds).result()
        return Results(facts=(cost,), code=(code,))


def bench_surgery(image: StoredImage, *, rounds: int) -> Results:
    """Editing every layer of an image, packed in each way."""
    costs = []
    for compression in ("gzip", "zstd", "none"):
        say(f"{image.name} {image.form}: layers edited and packed as {compression}")
        costs.append(measure_surgery(image, compression, rounds=rounds))
    return Results(surgery=tuple(costs))


def bench_versions(names: Sequence[str], *, rounds: int) -> Iterator[Results]:
    """Two versions of each image compared, and all of them checked."""
    yield Results(machine=describe_machine(), versions=describe_versions(), missing=UNMEASURED)
    for name in names:
        say(f"{name}: beside its next version")
        for timing in measure_versions(name, rounds=rounds):
            yield Results(timings=(timing,))
    say(f"{', '.join(names)}: checked")
    yield Results(timings=tuple(measure_check(names, rounds=rounds)))


def bench_engine(name: str) -> Iterator[Scenario]:
    """The same image from a local engine: its storage read in place, and what the engine itself hands out."""
    say(f"{name}: from the engine")
    host = {"DOCKER_HOST": start_engine().host}
    in_place, save = (Audit(f"docker:{tag(name)}", ("--in-place", how), host) for how in ("only", "never"))
    with workplace(stored(name, Form.OCI_ZSTD)) as (_, scratch):
        first, second = take_turns(in_place.run, save.run, scratch, rounds=ENGINE_ROUNDS)
    yield Scenario(name, IN_PLACE, first)
    yield Scenario(name, SAVE, second)


def bench_registry(image: StoredImage, *, rounds: int) -> Results:
    """The same image from a registry on this machine."""
    why = find_programs()
    if why is not None:
        return Results(missing={"a registry": why})
    say(f"{image.name} {image.form}: from a registry")
    with workplace(image) as (copy, scratch):
        return Results(comparisons=tuple(compare_registry(copy, scratch, rounds=rounds)))


def bench_memory(name: str) -> Results:
    """The peak memory of one cold audit of a synthetic image, read from where it lies."""
    say(f"{name}: peak memory")
    image = stored(name, Form.OCI_GZIP)
    with tempfile.TemporaryDirectory(prefix="layerscope-bench-") as scratch:
        passes, cold = bench_cold(image, Path(scratch), rounds=1)
    figures = ImageFigures(name, image.form, image.size, passes, in_memory=False)
    return Results(images=(figures,), scenarios=cold)


def measure_bound(path: Path) -> tuple[StageCosts, ...]:
    """The cost of the stages alone, layer by layer, while every core does the same: the mean of what each measures."""
    command = [sys.executable, "-m", "benchmarks.stages", str(path)]
    measuring = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(CORES)]
    try:
        outputs = [process.communicate()[0] for process in measuring]
        if any(process.returncode for process in measuring):
            raise MeasureError(f"measuring the stages on {path}: {' '.join(command)} failed")
    finally:
        for process in measuring:
            process.kill()
            process.wait()
    costs = [msgspec.json.decode(output, type=tuple[StageCosts, ...]) for output in outputs]
    return tuple(mean_costs(layer) for layer in zip(*costs, strict=True))


def describe_peers() -> Results:
    """The peers with their versions, and why the others are not measured."""
    found = {peer.name: peer.describe_version() for peer in PEERS if peer.find_program()}
    missing = {peer.name: f"not on this machine ({peer.packaged})" for peer in PEERS if not peer.find_program()}
    return Results(machine=describe_machine(), versions=describe_versions(), peers=found, missing=missing)


def say(text: str) -> None:
    """Tell a waiting person what is being measured."""
    print(f"bench: {text}", file=sys.stderr)


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", nargs="*", default=list(DEFAULT_IMAGES), help="small, medium, large")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of runs for each peer")
    parser.add_argument("--large", action="store_true", help="also the CUDA PyTorch image: 32 GB of disk")
    parser.add_argument("--memory", action="store_true", help="also the two images that measure peak memory")
    parser.add_argument("--versions", action="store_true", help="comparisons of two versions and checks alone")
    names = [peer.name for peer in PEERS]
    parser.add_argument("--peers", nargs="*", metavar="PEER", choices=names, help="these alone, or none")
    parser.add_argument("--no-registry", action="store_true", help="nothing from a registry")
    parser.add_argument("--no-engine", action="store_true", help="nothing from the engine's own storage")
    return parser.parse_args()


def main() -> None:
    """Build what is missing, measure, and write figures and tables after each step."""
    options = parse_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that folders in the RAM disk are removed
    names = list(dict.fromkeys([*options.images, *(["large"] if options.large else [])]))
    for name in names:
        if not (options.versions and stored(name, Form.OCI_GZIP).exists()):
            build_image(name)
    if not options.versions:
        bench_audits(names, options)
    for results in bench_versions(names, rounds=options.rounds):
        keep(results)
    print(TABLES.read_text())


def bench_audits(names: Sequence[str], options: argparse.Namespace) -> None:
    """Everything about single images."""
    peers = [peer for peer in PEERS if options.peers is None or peer.name in options.peers]
    keep(describe_peers())
    keep(Results(scenarios=(Scenario(ANY_IMAGE, HELP, tuple(run_help(Path()) for _ in range(5 * options.rounds))),)))
    for name in names:
        for form in Form:
            keep(bench_form(stored(name, form), rounds=options.rounds, peers=peers))
        for form in (Form.DOCKER_ARCHIVE, Form.OCI_GZIP):
            keep(bench_facts(stored(name, form), rounds=options.rounds))
        keep(bench_surgery(stored(name, Form.OCI_GZIP), rounds=options.rounds))
        if not options.no_engine:
            keep(Results(scenarios=tuple(bench_engine(name))))
        if not options.no_registry:
            for form in sorted(LAYOUTS):
                keep(bench_registry(stored(name, form), rounds=options.rounds))
    for name in SYNTHETIC if options.memory else ():
        build_image(name)
        keep(bench_memory(name))


def keep(newer: Results) -> None:
    """Add figures to those kept and render the tables again."""
    results = read_results().merged(newer)
    write_results(results)
    TABLES.write_text(render_results(results))


if __name__ == "__main__":
    main()
