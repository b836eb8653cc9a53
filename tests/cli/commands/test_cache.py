"""`layerscope cache` on a cache that an audit filled."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Answer = Callable[..., tuple[int, bytes, str]]


@pytest.fixture
def filled(answer: Answer, service: Path, tmp_path: Path) -> Path:
    """A cache folder of its own, with the layers of one image."""
    cache = tmp_path / "cache"
    answer("audit", service, "--cache-dir", cache)
    return cache


def test_the_cache_is_measured(document: Callable[..., Any], filled: Path) -> None:
    """Four layers are kept."""
    usage = document("cache", "df", "--cache-dir", filled)
    assert usage["root"] == str(filled)
    assert {kind["kind"]: kind["entries"] for kind in usage["kinds"]}["layers"] == 4


def test_the_cache_is_pruned(answer: Answer, document: Callable[..., Any], filled: Path) -> None:
    """Without a size, everything goes; with one, that much stays."""
    before = document("cache", "df", "--cache-dir", filled)["size"]
    answer("cache", "prune", "--max-size", before, "--cache-dir", filled)
    assert document("cache", "df", "--cache-dir", filled)["size"] == before
    code, out, _ = answer("cache", "prune", "--cache-dir", filled)
    assert (code, out[:8]) == (0, b"removed ")
    assert document("cache", "df", "--cache-dir", filled)["size"] == 0


def test_a_sound_cache_verifies(answer: Answer, filled: Path) -> None:
    """Nothing is damaged."""
    code, out, _ = answer("cache", "verify", "--cache-dir", filled)
    assert code == 0
    assert b"all are intact" in out


def test_a_damaged_entry_is_found_and_removed(answer: Answer, filled: Path) -> None:
    """The exit code tells, once."""
    entry = max((path for path in filled.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    content = bytearray(entry.read_bytes())
    content[len(content) // 2] ^= 1
    entry.chmod(0o600)
    entry.write_bytes(content)
    assert answer("cache", "verify", "--cache-dir", filled)[0] == 1
    assert answer("cache", "verify", "--cache-dir", filled)[0] == 0


def test_a_cache_that_cannot_be_used_is_told(answer: Answer, tmp_path: Path) -> None:
    """A file where the folder should be is an error of configuration."""
    (tmp_path / "file").write_text("")
    code, _, err = answer("cache", "df", "--cache-dir", tmp_path / "file")
    assert code == 2
    assert err.startswith("layerscope: error:")
