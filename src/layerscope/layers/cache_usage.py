"""The cache as a person keeps it: how much it holds, what to drop, what is damaged."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import platformdirs
from msgspec import Struct

from layerscope.errors import CacheError
from layerscope.layers.cache_parts import is_sound
from layerscope.layers.cache_store import KINDS, PARTS, CacheStore, StoredEntry

ABANDONED_AFTER_NS: Final = 3600 * 10**9
"""Age of a temporary file whose writer must have died: writing one takes less than a second."""


class KindUsage(Struct, frozen=True):
    """Entries of one kind, and their bytes on disk."""

    kind: str
    entries: int
    size: int


class CacheUsage(Struct, frozen=True):
    """What a cache folder holds."""

    root: Path
    kinds: tuple[KindUsage, ...]
    least_recently_used: datetime | None
    is_there: bool = True
    """Whether there is a folder at all."""

    @property
    def entries(self) -> int:
        """Entries of all kinds."""
        return sum(kind.entries for kind in self.kinds)

    @property
    def size(self) -> int:
        """Bytes of all kinds."""
        return sum(kind.size for kind in self.kinds)


class PruneResult(Struct, frozen=True):
    """What pruning removed, and what it left."""

    removed: int
    freed: int
    kept: int
    kept_size: int


class VerifyResult(Struct, frozen=True):
    """How many entries were read, and the names of those that were damaged and are gone now."""

    checked: int
    size: int
    damaged: tuple[str, ...]


def default_cache_dir() -> Path:
    """The user's cache folder for layerscope, `$XDG_CACHE_HOME/layerscope` on Linux."""
    return platformdirs.user_cache_path("layerscope")


def usage(root: Path) -> CacheUsage:
    """Return what the cache holds; a folder that is not there holds nothing. Raises CacheError."""
    with _explained("measuring", root):
        entries = [entry for entry in CacheStore(root).entries() if not entry.is_temporary]
    kinds = []
    for kind in KINDS:
        sizes = [entry.size for entry in entries if entry.kind == kind]
        kinds.append(KindUsage(kind, len(sizes), sum(sizes)))
    oldest = min((entry.used_ns for entry in entries), default=None)
    used = None if oldest is None else datetime.fromtimestamp(oldest // 10**9, UTC)
    return CacheUsage(root, tuple(kinds), used, root.is_dir())


def prune(root: Path, *, max_bytes: int = 0) -> PruneResult:
    """Remove the least recently used entries until at most `max_bytes` are left: with 0, all. Raises CacheError.

    What killed writers left behind goes as well, once it is an hour old.
    """
    with _explained("pruning", root):
        return _prune(CacheStore(root), max_bytes)


def verify(root: Path) -> VerifyResult:
    """Read every entry, remove the damaged ones and name them. Raises CacheError when the folder cannot be used."""
    store = CacheStore(root)
    damaged = []
    checked = size = 0
    with _explained("verifying", root):
        for entry in sorted(store.entries()):
            if entry.is_temporary:
                continue
            checked += 1
            size += entry.size
            if not _is_intact(store, entry):
                entry.path.unlink(missing_ok=True)
                damaged.append(f"{entry.kind}/{entry.name}")
    return VerifyResult(checked, size, tuple(sorted(damaged)))


def _prune(store: CacheStore, max_bytes: int) -> PruneResult:
    now = time.time_ns()
    published: list[StoredEntry] = []
    removed = freed = 0
    for entry in store.entries():
        if not entry.is_temporary:
            published.append(entry)
        elif now - entry.used_ns > ABANDONED_AFTER_NS:
            entry.path.unlink(missing_ok=True)
            removed, freed = removed + 1, freed + entry.size
    kept, kept_size = len(published), sum(entry.size for entry in published)
    for entry in sorted(published):
        if kept_size <= max_bytes:
            break
        entry.path.unlink(missing_ok=True)
        removed, freed = removed + 1, freed + entry.size
        kept, kept_size = kept - 1, kept_size - entry.size
    return PruneResult(removed, freed, kept, kept_size)


def _is_intact(store: CacheStore, entry: StoredEntry) -> bool:
    """An entry that another process removed meanwhile is no damage; one that lies in a wrong folder is."""
    try:
        if entry.kind == PARTS:
            return is_sound(entry.path)
        body = store.read(entry.kind, entry.name)
    except FileNotFoundError:
        return True
    except CacheError:
        return False
    return body is not None or not entry.path.exists()


@contextmanager
def _explained(doing: str, root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CacheError(f"{doing} the layer cache at {root}: {error.strerror or error}") from error
