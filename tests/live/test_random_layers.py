"""Random layers against engines: what an engine refuses is told to be refused, and what it shows is the merged tree.

A fixed few are tried, on each engine as many as take some seconds; `make engine-fuzz LAYERS=0-5000` tries more.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from support.layer_differences import Difference, find_difference
from support.layer_recipes import render_layers
from support.live_engines import LiveEngine
from support.random_layers import Layers, make_layers
from support.shrunk_layers import shrink

SEEDS: Final = os.environ.get("LAYERSCOPE_LAYER_SEEDS", "")
"""Which layers to try instead, as FIRST-STOP."""
COUNTS: Final = {"docker-26.1": 120, "docker-26.1-containerd": 40, "podman": 40}
THREADS: Final = 4
"""Engines wait for the disk more than they compute."""
MOST_SHRUNK: Final = 40
"""Differences that are shown; each costs some tens of images to shrink."""


def list_seeds(engine: LiveEngine) -> range:
    """The seeds of the layers to try."""
    if not SEEDS:
        return range(COUNTS[engine.name])
    first, _, stop = SEEDS.partition("-")
    return range(int(first), int(stop))


def ask(engine: LiveEngine, seed: int, folder: Path) -> Difference | None:
    """The difference of a seed's layers; an error names the seed."""
    with naming(seed):
        return find_difference(engine, make_layers(seed), folder)


@contextmanager
def naming(seed: int) -> Iterator[None]:
    """Note on an error which layers were tried, of the many that are tried at once."""
    try:
        yield
    except Exception as error:
        error.add_note(f"while the layers of seed {seed} were tried")
        raise


def describe(engine: LiveEngine, seed: int, difference: Difference, folder: Path) -> str:
    """The seed, the smallest layers that differ so, and in what they do."""

    def differs_so(layers: Layers) -> bool:
        found = find_difference(engine, layers, folder)
        return found is not None and found.kind is difference.kind

    with naming(seed):
        smallest = shrink(make_layers(seed), differs_so)
        again = find_difference(engine, smallest, folder)
    told = f"it did not come again; at first, of the whole layers:\n{difference}" if again is None else again
    return f"seed {seed}\n{render_layers(smallest)}\n{told}\n"


@pytest.mark.parametrize("engine", list(COUNTS), indirect=True)
def test_engines_do_with_random_layers_what_is_told_of_them(engine: LiveEngine, tmp_path: Path) -> None:
    """They refuse what they are told to refuse and nothing else, and show the merged tree of all else."""
    seeds = list_seeds(engine)
    with ThreadPoolExecutor(THREADS) as threads:
        found = list(zip(seeds, threads.map(lambda seed: ask(engine, seed, tmp_path), seeds), strict=True))
        different = [(seed, difference) for seed, difference in found if difference is not None]
        shown = list(threads.map(lambda each: describe(engine, each[0], each[1], tmp_path), different[:MOST_SHRUNK]))
    assert not different, f"{len(different)} of {len(seeds)} differ on {engine.name}:\n\n" + "\n".join(shown)
