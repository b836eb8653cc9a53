"""The cap on the cache's size, kept without measuring the folder at every store."""

import time
from contextlib import suppress
from typing import Final

from layerscope.errors import CacheError
from layerscope.layers.cache_store import CacheStore
from layerscope.layers.cache_usage import prune, usage

MEASURED_EVERY_NS: Final = 600 * 10**9
"""Ten minutes: short audits that each store little are measured together, at the cost of one walk."""

MEASURED_SHARE: Final = 16
"""One process measures anew after it stored this part of the cap, however recent the last measurement."""

PRUNE_TARGET: Final = 0.9
"""Part of the cap that pruning leaves, so that the next store does not prune again."""


class CacheLimit:
    """Prunes a cache folder now and then; the cap may be passed by what is stored between two measurements."""

    def __init__(self, store: CacheStore, max_bytes: int) -> None:
        """Keep `store` near `max_bytes`."""
        self._store = store
        self._max_bytes = max_bytes
        self._unmeasured = 0

    def count(self, stored: int) -> None:
        """Take note of an entry just stored; raises CacheError or OSError when the folder cannot be measured."""
        self._unmeasured += stored
        if self._unmeasured * MEASURED_SHARE < self._max_bytes and self._was_measured_lately():
            return
        self._unmeasured = 0
        self._store.measured_mark.touch()
        if usage(self._store.root).size > self._max_bytes:
            prune(self._store.root, max_bytes=int(self._max_bytes * PRUNE_TARGET))

    def try_count(self, stored: int) -> None:
        """Take note of what was stored where no trouble with the folder may stop the storer: the next one finds it."""
        with suppress(CacheError, OSError):
            self.count(stored)

    def _was_measured_lately(self) -> bool:
        try:
            measured = self._store.measured_mark.stat().st_mtime_ns
        except FileNotFoundError:
            return False
        return 0 <= time.time_ns() - measured < MEASURED_EVERY_NS
