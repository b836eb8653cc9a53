"""Measuring, pruning and verifying the cache."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from layerscope.errors import CacheError
from layerscope.layers.cache_store import (
    BLOBS,
    DOCUMENTS,
    IMAGES,
    LAYERS,
    NAMES,
    PARTS,
    STACKS,
    STAMPS,
    TABLES,
    TEMPORARY_PREFIX,
    CacheStore,
)
from layerscope.layers.cache_usage import (
    ABANDONED_AFTER_NS,
    KindUsage,
    PruneResult,
    VerifyResult,
    default_cache_dir,
    prune,
    usage,
    verify,
)

ENTRY_SIZE = 100
BODY = bytes(ENTRY_SIZE - 36)


@pytest.fixture
def store(tmp_path: Path) -> CacheStore:
    """Four entries of 100 bytes each, used at the seconds 1 to 4 in the order of their names."""
    store = CacheStore(tmp_path)
    for second, (kind, name) in enumerate([(LAYERS, "aa1"), (LAYERS, "bb2"), (DOCUMENTS, "cc3"), (STAMPS, "dd4")], 1):
        store.write(kind, name, BODY)
        os.utime(store.path(kind, name), (second, second))
    return store


def names(store: CacheStore) -> list[str]:
    """The names of all that is left."""
    return sorted(entry.name for entry in store.entries())


def test_usage_counts_by_kind(store: CacheStore) -> None:
    """Every kind has its line, empty ones too."""
    found = usage(store.root)
    assert found.kinds == (
        KindUsage(LAYERS, 2, 200),
        KindUsage(DOCUMENTS, 1, 100),
        KindUsage(BLOBS, 0, 0),
        KindUsage(STAMPS, 1, 100),
        KindUsage(IMAGES, 0, 0),
        KindUsage(NAMES, 0, 0),
        KindUsage(TABLES, 0, 0),
        KindUsage(STACKS, 0, 0),
        KindUsage(PARTS, 0, 0),
    )
    assert (found.entries, found.size) == (4, 400)
    assert found.least_recently_used == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


def test_usage_of_an_absent_folder_is_nothing(tmp_path: Path) -> None:
    """A cache that was never used is empty, not broken."""
    found = usage(tmp_path / "absent")
    assert (found.entries, found.size, found.least_recently_used) == (0, 0, None)


@pytest.mark.parametrize(
    ("max_bytes", "left"),
    [
        (1000, ["aa1", "bb2", "cc3", "dd4"]),
        (400, ["aa1", "bb2", "cc3", "dd4"]),
        (399, ["bb2", "cc3", "dd4"]),
        (200, ["cc3", "dd4"]),
        (99, []),
        (0, []),
    ],
)
def test_pruning_removes_the_least_recently_used_first(store: CacheStore, max_bytes: int, left: list[str]) -> None:
    """As few entries go as the cap demands, whatever their kind."""
    result = prune(store.root, max_bytes=max_bytes)
    assert names(store) == left
    gone = 4 - len(left)
    assert result == PruneResult(gone, gone * ENTRY_SIZE, len(left), len(left) * ENTRY_SIZE)


def test_use_saves_an_entry(store: CacheStore) -> None:
    """The oldest entry stays when it was read last."""
    store.touch(LAYERS, "aa1")
    prune(store.root, max_bytes=100)
    assert names(store) == ["aa1"]


def test_pruning_an_absent_folder_does_nothing(tmp_path: Path) -> None:
    """There is nothing to remove."""
    assert prune(tmp_path / "absent") == PruneResult(0, 0, 0, 0)


def test_what_killed_writers_left_goes_after_an_hour(store: CacheStore) -> None:
    """A file that may still be written stays, an abandoned one goes, at any cap."""
    folder = store.path(LAYERS, "aa1").parent
    for name, age_ns in ((f"{TEMPORARY_PREFIX}new", 0), (f"{TEMPORARY_PREFIX}old", ABANDONED_AFTER_NS + 10**9)):
        (folder / name).write_bytes(bytes(7))
        changed = time.time_ns() - age_ns
        os.utime(folder / name, ns=(changed, changed))
    assert prune(store.root, max_bytes=10**6) == PruneResult(1, 7, 4, 400)
    assert f"{TEMPORARY_PREFIX}new" in names(store)


def test_temporary_files_are_not_counted(store: CacheStore) -> None:
    """What nobody can read yet is no entry."""
    (store.path(LAYERS, "aa1").parent / f"{TEMPORARY_PREFIX}new").write_bytes(bytes(7))
    assert usage(store.root).size == 400
    assert verify(store.root).checked == 4


def test_a_sound_cache_verifies(store: CacheStore) -> None:
    """Every entry is read, none is removed."""
    assert verify(store.root) == VerifyResult(4, 400, ())


def test_verifying_names_and_removes_what_is_damaged(store: CacheStore) -> None:
    """A flipped byte and a file in the wrong folder are found; the rest stays."""
    path = store.path(LAYERS, "bb2")
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    misplaced = store.root / "v1" / DOCUMENTS / "cc" / "zz9"
    misplaced.write_bytes(b"anything")
    assert verify(store.root) == VerifyResult(5, 408, ("documents/zz9", "layers/bb2"))
    assert names(store) == ["aa1", "cc3", "dd4"]


@pytest.mark.parametrize("command", [usage, prune, verify])
def test_an_unusable_folder_is_an_error_of_the_command(
    command: object, store: CacheStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks about the cache is told why it cannot be answered."""

    def refuse(_folder: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    assert callable(command)
    with pytest.raises(CacheError, match=f"the layer cache at {store.root}: Permission denied"):
        command(store.root)


def test_the_default_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`XDG_CACHE_HOME` is kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache_dir() == tmp_path / "layerscope"


def test_parts_are_counted_verified_and_pruned(store: CacheStore) -> None:
    """As all other entries, although they are written in another form."""
    for name in ("ee5", "ff6"):
        part = store.open_part(name, 1 << 20, lambda _amount: None)
        assert part is not None
        assert not list(part.read_frames())
        part.add(BODY)
        part.close()
    torn = store.path(PARTS, "ff6")
    torn.write_bytes(torn.read_bytes()[:-1])
    assert usage(store.root).kinds[-1] == KindUsage(PARTS, 2, 2 * (len(BODY) + 8) - 1)
    assert verify(store.root).damaged == ("parts/ff6",)
    assert names(store) == ["aa1", "bb2", "cc3", "dd4", "ee5"]
    assert prune(store.root).removed == 5
