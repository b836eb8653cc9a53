"""ExtractorSet: many extractors, asked at the cost of a few look-ups."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from layerscope.layers.extractor import Extractor

K = TypeVar("K", str, bytes)

MAGIC_SIZE = 2
"""First bytes by which magics are looked up; each is compared whole afterwards."""


class ExtractorSet:
    """Extractors by what they want; the scanner looks files up in the tables directly."""

    def __init__(self, extractors: Iterable[Extractor]) -> None:
        """Build the tables."""
        self.extractors = tuple(extractors)
        self.by_path = _table(self.extractors, [(path, e) for e in self.extractors for path in e.wants.paths])
        self.by_name = _table(self.extractors, [(name, e) for e in self.extractors for name in e.wants.names])
        self.by_suffix = _table(self.extractors, [(suffix, e) for e in self.extractors for suffix in e.wants.suffixes])
        magics = [(magic[:MAGIC_SIZE], e) for e in self.extractors for magic in e.wants.magics]
        self.by_magic = _table(self.extractors, magics)
        self.limit = max((e.wants.limit for e in self.extractors), default=0)
        self.extracts: dict[str, dict[str, object]] = {e.name: {} for e in self.extractors}
        self._positions: dict[str, int] = {}

    def is_wanted(self, path: str, base: str, head: bytes) -> bool:
        """Whether some extractor may want the file, by path, base name and first bytes."""
        return (
            head[:MAGIC_SIZE] in self.by_magic
            or base in self.by_name
            or path in self.by_path
            or base[base.rfind(".") :] in self.by_suffix
        )

    def offer(self, path: str, base: str, content: bytes, *, size: int, mode: int, position: int) -> None:
        """Show the file to everyone who wants it, and keep what they return; `position` is that of its entry."""
        self._positions[path] = position
        for extractor in self._choose(path, base, content):
            value = extractor.extract(path, content[: extractor.wants.limit], size=size, mode=mode)
            if value is not None:
                self.extracts[extractor.name][path] = value
            else:
                self.extracts[extractor.name].pop(path, None)

    def drop_superseded(self, find_last: Callable[[Iterable[str]], dict[str, int]]) -> None:
        """Drop what was kept of files that a later entry of the same layer replaces."""
        last = find_last(self._positions)
        for path, position in self._positions.items():
            if last.get(path) != position:
                for kept in self.extracts.values():
                    kept.pop(path, None)

    def _choose(self, path: str, base: str, content: bytes) -> Iterable[Extractor]:
        chosen = {
            *self.by_path.get(path, ()),
            *self.by_name.get(base, ()),
            *self.by_suffix.get(base[base.rfind(".") :], ()),
        }
        for extractor in self.by_magic.get(content[:MAGIC_SIZE], ()):
            if any(content.startswith(magic) for magic in extractor.wants.magics):
                chosen.add(extractor)
        return [extractor for extractor in self.extractors if extractor in chosen]


def _table(order: tuple[Extractor, ...], pairs: list[tuple[K, Extractor]]) -> dict[K, tuple[Extractor, ...]]:
    table: dict[K, set[Extractor]] = {}
    for key, extractor in pairs:
        table.setdefault(key, set()).add(extractor)
    return {key: tuple(e for e in order if e in chosen) for key, chosen in table.items()}
