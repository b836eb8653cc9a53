"""The cap holds without measuring the folder at every store."""

import os
from pathlib import Path

import pytest

from layerscope.layers.cache_limit import MEASURED_SHARE, CacheLimit
from layerscope.layers.cache_store import LAYERS, CacheStore
from layerscope.layers.cache_usage import CacheUsage, usage

MAX_BYTES = 16_000
SHARE = MAX_BYTES // MEASURED_SHARE


def fill(store: CacheStore, entries: int) -> None:
    """Write that many entries of 1,000 bytes, the first ones used longest ago."""
    for number in range(entries):
        name = f"{number:04x}"
        store.write(LAYERS, name, bytes(1000 - 36))
        os.utime(store.path(LAYERS, name), (number, number))


def sizes(store: CacheStore) -> int:
    """Bytes of all entries."""
    return sum(entry.size for entry in store.entries())


def test_a_folder_over_the_cap_is_pruned_below_it(tmp_path: Path) -> None:
    """A tenth of the cap is freed at once, the oldest entries first."""
    store = CacheStore(tmp_path)
    fill(store, 20)
    CacheLimit(store, MAX_BYTES).count(1)
    assert sizes(store) == 14_000
    assert min(entry.name for entry in store.entries()) == "0006"


def test_a_folder_within_the_cap_is_left_alone(tmp_path: Path) -> None:
    """Nothing is removed before it must be."""
    store = CacheStore(tmp_path)
    fill(store, 16)
    CacheLimit(store, MAX_BYTES).count(SHARE)
    assert sizes(store) == MAX_BYTES


def test_small_stores_are_measured_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is walked at the first store and after each share of the cap, not in between."""
    store = CacheStore(tmp_path)
    fill(store, 1)
    walks: list[Path] = []

    def watched_usage(root: Path) -> CacheUsage:
        walks.append(root)
        return usage(root)

    monkeypatch.setattr("layerscope.layers.cache_limit.usage", watched_usage)
    limit = CacheLimit(store, MAX_BYTES)
    for _ in range(21):
        limit.count(SHARE // 10)
    assert len(walks) == 3


def test_another_process_that_measured_lately_is_believed(tmp_path: Path) -> None:
    """A short audit after another one does not walk the folder again."""
    store = CacheStore(tmp_path)
    fill(store, 1)
    CacheLimit(store, MAX_BYTES).count(1)
    fill(store, 20)
    CacheLimit(store, MAX_BYTES).count(1)
    assert sizes(store) == 20_000


@pytest.mark.parametrize("seconds", [-1000, 1000])
def test_an_old_measurement_is_not_believed(tmp_path: Path, seconds: int) -> None:
    """Neither one of long ago nor one from the future counts."""
    store = CacheStore(tmp_path)
    fill(store, 20)
    store.measured_mark.touch()
    changed = store.measured_mark.stat().st_mtime + seconds
    os.utime(store.measured_mark, (changed, changed))
    CacheLimit(store, MAX_BYTES).count(1)
    assert sizes(store) <= MAX_BYTES
