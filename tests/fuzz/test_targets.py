"""Every parser of file formats is fuzzed: none is forgotten, and each holds against a few thousand changed inputs."""

import random
from typing import Final

import pytest

from fuzz.mutate import change_input
from fuzz.run import render_words
from fuzz.seeds import make_seeds
from fuzz.targets import Target, list_modules, list_targets, list_used, list_words, load_target

TARGETS: Final = list_targets()
CHANGED: Final = 150
"""Changed inputs for each target; `make fuzz` tries as many in a few milliseconds and is guided by what they reach."""


def test_every_module_of_formats_is_reached() -> None:
    """A module has a function that takes a file's bytes or text, or one that has builds on it."""
    reached = frozenset[str]().union(*(list_used(module) for module in {target.module for target in TARGETS}))
    assert [module for module in list_modules() if module not in reached] == []


@pytest.mark.parametrize("module", sorted({target.module for target in TARGETS}))
def test_seeds_are_well_formed(module: str) -> None:
    """A module has seeds (in `text_seeds` or `binary_seeds`), and each is accepted by one of its functions."""
    seeds = make_seeds(module)
    targets = [target for target in TARGETS if target.module == module]
    assert seeds
    assert [seed for seed in seeds if not any(target.try_input(seed) for target in targets)] == []


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_changed_inputs_break_nothing(target: Target) -> None:
    """What is not of the format raises FormatError and nothing else; the empty input too."""
    source = random.Random(target.name)
    seeds, words = make_seeds(target.module) or (b"",), list_words(target.module)
    target.try_input(b"")
    for _ in range(CHANGED):
        seed = source.choice(seeds)
        target.try_input(change_input(seed, words=words, others=seeds, source=source))


def test_words_are_a_modules_constants() -> None:
    """Texts, bytes and numbers in its source, patterns and sentences left out."""
    words = list_words("os_release")
    assert b"=" in words
    assert max(map(len, words)) <= 32
    assert '"\\x3d"\n' in render_words("os_release")


def test_a_target_is_loaded_by_its_name() -> None:
    """The name is what a report of a broken target gives."""
    assert load_target("os_release.parse_os_release") == next(t for t in TARGETS if t.module == "os_release")
