"""Damage, switches and a folder that fails: each costs time and a remark, none an audit."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.layers.cache import LayerCache
from support.cache_contents import FIND, KEEP, damage_entries, fill, open_cache


@pytest.mark.parametrize(("kind", "find"), FIND)
def test_damage_of_any_kind_is_a_miss_that_is_remarked(
    tmp_path: Path, kind: str, find: Callable[[LayerCache], object]
) -> None:
    """Proofs, stamps and documents are held to their checksum like layers."""
    cache = open_cache(tmp_path)
    fill(cache)
    damage_entries(tmp_path)
    assert find(cache) is None
    assert f"reading cache entry {kind}s/" in cache.notes[0]


@pytest.mark.parametrize(("_kind", "find"), FIND)
def test_without_reading_nothing_is_found(tmp_path: Path, _kind: str, find: Callable[[LayerCache], object]) -> None:
    """`--no-cache-read` computes everything again."""
    fill(open_cache(tmp_path))
    assert find(open_cache(tmp_path, read=False)) is None


def test_without_reading_things_are_still_kept(tmp_path: Path) -> None:
    """What was computed again serves the next audit."""
    fill(open_cache(tmp_path, read=False))
    assert all(find(open_cache(tmp_path)) is not None for _, find in FIND)


def test_without_writing_the_folder_stays_as_it_is(tmp_path: Path) -> None:
    """Nothing is made, nothing is touched, and even what is damaged stays."""
    fill(open_cache(tmp_path / "none", write=False))
    assert not (tmp_path / "none").exists()
    root = tmp_path / "cache"
    fill(open_cache(root))
    damage_entries(root)
    before = sorted((path, path.stat().st_mtime_ns) for path in root.rglob("*"))
    cache = open_cache(root, write=False)
    assert [find(cache) for _, find in FIND] == [None] * len(FIND)
    assert sorted((path, path.stat().st_mtime_ns) for path in root.rglob("*")) == before


@pytest.mark.parametrize(("_kind", "keep"), KEEP)
def test_a_folder_that_cannot_be_made_costs_one_remark(
    tmp_path: Path, _kind: str, keep: Callable[[LayerCache], object]
) -> None:
    """A file where the folder should be: the audit goes on, and says it once."""
    (tmp_path / "file").write_bytes(b"")
    cache = open_cache(tmp_path / "file" / "cache")
    keep(cache)
    fill(cache)
    assert [find(cache) for _, find in FIND] == [None] * len(FIND)
    assert cache.notes == (f"the layer cache at {tmp_path}/file/cache cannot be written: Not a directory",)


def test_a_full_disk_costs_one_remark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first failure nothing more is written, and nothing half-written stays."""

    def fail(_descriptor: int, _content: bytes) -> int:
        raise OSError(28, "No space left on device")

    cache = open_cache(tmp_path)
    monkeypatch.setattr(os, "write", fail)
    fill(cache)
    assert cache.notes == (f"the layer cache at {tmp_path} cannot be written: No space left on device",)
    assert [path for path in tmp_path.glob("v1/*/*/*") if path.is_file()] == []


def test_an_unreadable_folder_costs_one_remark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries that may not be read are misses."""

    def refuse(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    cache = open_cache(tmp_path)
    fill(cache)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert [find(cache) for _, find in FIND] == [None] * len(FIND)
    assert cache.notes == (f"the layer cache at {tmp_path} cannot be read: Permission denied",)


def test_a_read_only_cache_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries are found although their use cannot be noted."""

    def refuse(_path: Path) -> None:
        raise PermissionError(30, "Read-only file system")

    fill(open_cache(tmp_path))
    monkeypatch.setattr(os, "utime", refuse)
    cache = open_cache(tmp_path)
    assert None not in [find(cache) for _, find in FIND]
    fill(cache)
    assert cache.notes == ()
