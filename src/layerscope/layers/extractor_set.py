"""ExtractorSet: many extractors, asked at the cost of a few look-ups."""

from collections.abc import Callable, Iterable
from typing import TypeVar, cast

from layerscope.layers.extractor import AnyExtractor, Extractor, FileReading, StreamExtractor, Wants
from layerscope.layers.kept_values import FailedReading, KeptValues

K = TypeVar("K", str, bytes)

MAGIC_SIZE = 2
"""First bytes by which magics are looked up; each is compared whole afterwards."""


class WholeFile:
    """The start of a file, kept for an extractor that sees it at once."""

    def __init__(self, extractor: Extractor, path: str, *, size: int, mode: int) -> None:
        """Wait for the first piece."""
        self._extractor, self._path, self._size, self._mode = extractor, path, size, mode
        self._missing = extractor.wants.limit
        self._pieces: list[bytes] = []

    def feed(self, piece: memoryview) -> None:
        """Keep what is within the extractor's limit."""
        if self._missing:
            self._pieces.append(bytes(piece[: self._missing]))
            self._missing -= len(self._pieces[-1])

    def finish(self) -> object:
        """What the extractor keeps of it."""
        return self._extractor.extract(self._path, b"".join(self._pieces), size=self._size, mode=self._mode)


class WatchedFile:
    """One file on its way past everyone who wants it; whoever raises is shown no more of it."""

    def __init__(self, readings: list[tuple[str, FileReading]], path: str, kept: KeptValues) -> None:
        """Hold each reading with the name of its extractor, and where results are kept."""
        self._readings = readings
        self._path = path
        self._kept = kept

    def feed(self, piece: memoryview) -> None:
        """Show the next piece to all."""
        for number, (name, reading) in enumerate(self._readings):
            try:
                reading.feed(piece)
            except Exception as error:  # noqa: BLE001 - an image must not be able to stop its own audit
                self._readings[number] = (name, FailedReading(error))

    def finish(self) -> None:
        """Keep what they return."""
        for name, reading in self._readings:
            try:
                value = reading.finish()
            except Exception as error:  # noqa: BLE001 - as above
                self._kept.keep_failure(name, self._path, error)
            else:
                self._kept.keep(name, self._path, value)


class ExtractorSet:
    """Extractors by what they want; the scanner looks files up in the tables directly."""

    def __init__(self, extractors: Iterable[AnyExtractor]) -> None:
        """Build the tables."""
        self.extractors = tuple(extractors)
        numbered = list(enumerate(self.extractors))
        self.by_path = _table([(path, number) for number, e in numbered for path in e.wants.paths])
        self.by_name = _table([(name, number) for number, e in numbered for name in e.wants.names])
        self.by_suffix = _table(_pair_suffixes(numbered, lambda wants: not wants.folder))
        self._by_place = {
            suffix: _table([(self.extractors[number].wants.folder, number) for number in numbers])
            for suffix, numbers in _table(_pair_suffixes(numbered, lambda wants: bool(wants.folder))).items()
        }
        self.by_magic = _table([(magic[:MAGIC_SIZE], number) for number, e in numbered for magic in e.wants.magics])
        self._magics = [tuple(e.wants.magics) for e in self.extractors]
        self._kept = KeptValues(e.name for e in self.extractors)
        self._positions: dict[str, int] = {}
        self.longest_magic = max((len(magic) for e in self.extractors for magic in e.wants.magics), default=0)

    @property
    def extracts(self) -> dict[str, dict[str, object]]:
        """What was kept, by extractor and path; UNREAD stands beside the extractors where something was not."""
        return self._kept.values

    def is_wanted(self, path: str, base: str, head: bytes) -> bool:
        """Whether some extractor may want the file, by path, base name and first bytes."""
        suffix = base[base.rfind(".") :]
        return (
            head[:MAGIC_SIZE] in self.by_magic
            or base in self.by_name
            or path in self.by_path
            or suffix in self.by_suffix
            or (suffix in self._by_place and _folder_of(path) in self._by_place[suffix])
        )

    def open_file(
        self, path: str, base: str, head: bytes, *, size: int, mode: int, position: int
    ) -> WatchedFile | None:
        """What shows the file to everyone who wants it, judged by its first bytes; None where nobody does.

        `position` is that of the file's entry. Whoever opens a file feeds it whole and finishes it.
        """
        self._positions[path] = position
        readings: list[tuple[str, FileReading]] = []
        for extractor in self._choose(path, base, head):
            try:
                reading = open_reading(extractor, path, size=size, mode=mode)
            except Exception as error:  # noqa: BLE001 - an image must not be able to stop its own audit
                reading = FailedReading(error)
            readings.append((extractor.name, reading))
        return WatchedFile(readings, path, self._kept) if readings else None

    def drop_superseded(self, find_last: Callable[[Iterable[str]], dict[str, int]]) -> None:
        """Drop what was kept of files that a later entry of the same layer replaces."""
        last = find_last(self._positions)
        for path, position in self._positions.items():
            if last.get(path) != position:
                for kept in self.extracts.values():
                    kept.pop(path, None)

    def _choose(self, path: str, base: str, content: bytes) -> Iterable[AnyExtractor]:
        """Those who want a file, in their order; by number, since a hash of what they want takes its time."""
        suffix = base[base.rfind(".") :]
        chosen = {
            *self.by_path.get(path, ()),
            *self.by_name.get(base, ()),
            *self.by_suffix.get(suffix, ()),
            *self._by_place.get(suffix, {}).get(_folder_of(path), ()),
            *(n for n in self.by_magic.get(content[:MAGIC_SIZE], ()) if content.startswith(self._magics[n])),
        }
        return [self.extractors[number] for number in sorted(chosen)]


def open_reading(extractor: AnyExtractor, path: str, *, size: int, mode: int) -> FileReading:
    """What shows one file to one extractor, be it at once or piece by piece."""
    if hasattr(extractor, "open_file"):  # a hundredth of the time of asking for the protocol
        return cast("StreamExtractor", extractor).open_file(path, size=size, mode=mode)
    return WholeFile(extractor, path, size=size, mode=mode)


def _folder_of(path: str) -> str:
    """The name of the folder that a file lies in; empty for one that lies in the root."""
    return path.rpartition("/")[0].rpartition("/")[2]


def _pair_suffixes(
    numbered: Iterable[tuple[int, AnyExtractor]], is_chosen: Callable[[Wants], bool]
) -> list[tuple[str, int]]:
    """Every wanted suffix with its extractor's number, of those extractors that are chosen by what they want."""
    return [(suffix, number) for number, e in numbered if is_chosen(e.wants) for suffix in e.wants.suffixes]


def _table(pairs: list[tuple[K, int]]) -> dict[K, tuple[int, ...]]:
    """Numbers by what they stand for; none twice, as two magics may begin alike."""
    table: dict[K, list[int]] = {}
    for key, number in pairs:
        table.setdefault(key, []).append(number)
    return {key: tuple(dict.fromkeys(numbers)) for key, numbers in table.items()}
