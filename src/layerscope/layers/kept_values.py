"""KeptValues: what the extractors keep of one layer, below a ceiling, and of which files they keep nothing, and why."""

from collections.abc import Iterable
from typing import Final, cast

from layerscope.layers.limits import MIB

KEPT_LIMIT: Final = 512 * MIB
"""Bytes, roughly, that are kept of one layer: of an image with 5,000 ELF objects it is a tenth of that. What is kept
may be larger than the file that it is made of, so that the limit of a layer's size is none for it."""

UNREAD: Final = "unread-files"
"""The name under which stands, by path, why extractors kept nothing: see `list_unread`."""

UNREAD_LIMIT: Final = 1000
"""Files of one layer that are named there."""

WHY_LIMIT: Final = 200
"""Characters of a failure's message, which may repeat what the file holds."""

_VALUE_COST: Final = 56
"""Bytes that any value takes beside its text."""


class FailedReading:
    """Stands for a reading that raised: it passes over the rest of the file, and raises once more at its end."""

    def __init__(self, error: Exception) -> None:
        """Hold what was raised."""
        self._error = error

    def feed(self, piece: memoryview) -> None:
        """Look away."""

    def finish(self) -> object:
        """Raise."""
        raise self._error


class KeptValues:
    """Values by extractor and path; those of a file replace what was kept of an earlier one at the same path."""

    def __init__(self, names: Iterable[str]) -> None:
        """Start with nothing kept for the extractors of these names."""
        self.values: dict[str, dict[str, object]] = {name: {} for name in names}
        self._size = 0

    def keep(self, name: str, path: str, value: object) -> None:
        """Keep a value, unless it is None or there is no room for it."""
        self._forget(name, path)
        if value is None:
            return
        size = measure_value(value)
        if self._size + size > KEPT_LIMIT:
            self._note(name, path, f"more than {KEPT_LIMIT:,} bytes to keep of one layer", is_own_failure=False)
            return
        self._size += size
        self.values[name][path] = value

    def keep_failure(self, name: str, path: str, error: Exception) -> None:
        """Keep that an extractor failed at a file."""
        self._forget(name, path)
        self._note(name, path, f"{type(error).__name__}: {error}"[:WHY_LIMIT], is_own_failure=True)

    def _forget(self, name: str, path: str) -> None:
        self.values[name].pop(path, None)
        if UNREAD in self.values and path in self.values[UNREAD]:
            rows = cast("list[list[object]]", self.values[UNREAD][path])
            self.values[UNREAD][path] = [row for row in rows if row[0] != name]

    def _note(self, name: str, path: str, why: str, *, is_own_failure: bool) -> None:
        rows = self.values.setdefault(UNREAD, {})
        if path in rows or len(rows) < UNREAD_LIMIT:
            cast("list[list[object]]", rows.setdefault(path, [])).append([name, why, is_own_failure])


def list_unread(value: object) -> list[tuple[str, str, bool]]:
    """Of a path's value under UNREAD: extractor, why it kept nothing, and whether the fault is ours, not the file's."""
    rows = value if isinstance(value, list) else []
    return [(str(name), str(why), bool(is_own_failure)) for name, why, is_own_failure in rows]


def measure_value(value: object) -> int:
    """Roughly the bytes that a plain value takes."""
    match value:
        case str() | bytes():
            return _VALUE_COST + len(value)
        case list():
            return _VALUE_COST + sum(map(measure_value, value))
        case dict():
            return _VALUE_COST + sum(map(measure_value, value)) + sum(map(measure_value, value.values()))
        case _:
            return _VALUE_COST
