"""NpmRange: which versions a dependency of an npm package accepts.

Written against node-semver's description of ranges (https://github.com/npm/node-semver#ranges): comparators, hyphen
ranges, x-ranges, tilde and caret, joined by blanks and `||`; a prerelease is accepted only beside a comparator that
names a prerelease of the same three numbers.
"""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from layerscope.formats.semantic_version import SemanticVersion

LENGTH_LIMIT: Final = 2048
"""Characters of a range; the longest of the registry's popular packages have about 300."""

_PART: Final = r"(?:0|[1-9][0-9]{0,15}|[xX*])"
_LABELS: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_PARTIAL: Final = rf"[v=\s]*({_PART})(?:\.({_PART})(?:\.({_PART})(?:-({_LABELS}))?(?:\+{_LABELS})?)?)?"
_SIMPLE: Final = re.compile(rf"(>=|<=|>|<|=|~>|~|\^)?{_PARTIAL}")
_HYPHEN: Final = re.compile(rf"{_PARTIAL} - {_PARTIAL}")
_BLANK_AFTER: Final = re.compile(r"(>=|<=|>|<|=|~>|~|\^) ")

_Numbers = tuple[int | None, int | None, int | None]
_LOWEST: Final = ("0",)
"""The prerelease below all others: `<2.0.0-0` leaves out the prereleases of 2.0.0."""


class Comparator(Struct, frozen=True):
    """One bound: an operator of `>=`, `<=`, `>`, `<`, `=` and a version."""

    operator: str
    version: SemanticVersion

    def accepts(self, version: SemanticVersion) -> bool:
        """Whether a version is on the right side."""
        match self.operator:
            case ">=":
                return version >= self.version
            case "<=":
                return version <= self.version
            case ">":
                return version > self.version
            case "<":
                return version < self.version
            case _:
                return version == self.version


class NpmRange(Struct, frozen=True):
    """Sets of comparators, one of which has to hold whole; an empty set accepts every release."""

    sets: tuple[tuple[Comparator, ...], ...]

    def accepts(self, version: SemanticVersion, *, with_prereleases: bool = False) -> bool:
        """Whether a version satisfies the range; prereleases as an engine check sees them if asked for."""
        return any(_set_accepts(each, version, with_prereleases=with_prereleases) for each in self.sets)


def parse_npm_range(text: str) -> NpmRange | None:
    """The range, or None where the text is none: a tag, an address, a path."""
    if len(text) > LENGTH_LIMIT:
        return None
    sets = []
    for part in text.split("||"):
        comparators = _parse_set(" ".join(part.split()))
        if comparators is None:
            return None
        sets.append(comparators)
    return NpmRange(tuple(sets))


def _set_accepts(comparators: tuple[Comparator, ...], version: SemanticVersion, *, with_prereleases: bool) -> bool:
    """Whether one set holds."""
    if not all(comparator.accepts(version) for comparator in comparators):
        return False
    if not version.prerelease or with_prereleases:
        return True
    named = (comparator.version for comparator in comparators if comparator.version.prerelease)
    return any(other.numbers == version.numbers for other in named)


def _parse_set(text: str) -> tuple[Comparator, ...] | None:
    """The comparators of one set, whose blanks are single; None where one does not parse."""
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen is not None:
        low, high = _read_partial(hyphen.groups()[:4]), _read_partial(hyphen.groups()[4:])
        return (*_at_least(*low), *_up_to(*high))
    comparators: list[Comparator] = []
    for word in _BLANK_AFTER.sub(r"\1", text).split():
        match = _SIMPLE.fullmatch(word)
        if match is None:
            return None
        comparators += _expand(match[1] or "", *_read_partial(match.groups()[1:]))
    return tuple(comparators)


def _read_partial(groups: tuple[str | None, ...]) -> tuple[_Numbers, tuple[str, ...]]:
    """Three numbers, None from the first that is left open, and the labels."""
    numbers: list[int | None] = []
    for group in groups[:3]:
        is_open = group is None or not group.isdigit() or None in numbers
        numbers.append(None if is_open else int(group or 0))
    labels = tuple(groups[3].split(".")) if groups[3] and None not in numbers else ()
    return (numbers[0], numbers[1], numbers[2]), labels


def _expand(operator: str, numbers: _Numbers, labels: tuple[str, ...]) -> Iterator[Comparator]:
    """The comparators that one word stands for."""
    match operator:
        case "^":
            return _between(numbers, labels, _caret_position(numbers))
        case "~" | "~>":
            return _between(numbers, labels, 0 if numbers[1] is None else 1)
        case ">=":
            return _at_least(numbers, labels)
        case "<=":
            return _up_to(numbers, labels)
        case ">":
            return _above(numbers, labels)
        case "<":
            return _below(numbers, labels)
        case _:
            return _exactly(numbers, labels)


def _caret_position(numbers: _Numbers) -> int:
    """The leftmost number that is not zero, which caret keeps; the last given one where all are."""
    for position, number in enumerate(numbers):
        if number is None:
            return max(position - 1, 0)
        if number:
            return position
    return 2


def _between(numbers: _Numbers, labels: tuple[str, ...], kept: int) -> Iterator[Comparator]:
    """From a version up to where the number at a position changes."""
    yield from _at_least(numbers, labels)
    if numbers[0] is not None:
        yield Comparator("<", _next(numbers, kept))


def _exactly(numbers: _Numbers, labels: tuple[str, ...]) -> Iterator[Comparator]:
    """One version, or an x-range."""
    if None not in numbers:
        yield Comparator("=", _first(numbers, labels))
    else:
        yield from _between(numbers, labels, 0 if numbers[1] is None else 1)


def _at_least(numbers: _Numbers, labels: tuple[str, ...]) -> Iterator[Comparator]:
    """From the first version that a partial one stands for; `*` sets no bound."""
    if numbers[0] is not None:
        yield Comparator(">=", _first(numbers, labels))


def _up_to(numbers: _Numbers, labels: tuple[str, ...]) -> Iterator[Comparator]:
    """Up to the last version that a partial one stands for."""
    if None not in numbers:
        yield Comparator("<=", _first(numbers, labels))
    elif numbers[0] is not None:
        yield Comparator("<", _next(numbers, 0 if numbers[1] is None else 1))


def _above(numbers: _Numbers, labels: tuple[str, ...]) -> Iterator[Comparator]:
    """Above all versions that a partial one stands for; nothing is above `*`."""
    if None not in numbers:
        yield Comparator(">", _first(numbers, labels))
    elif numbers[0] is None:
        yield Comparator("<", SemanticVersion(0, 0, 0, _LOWEST))
    else:
        after = _next(numbers, 0 if numbers[1] is None else 1)
        yield Comparator(">=", SemanticVersion(*after.numbers))


def _below(numbers: _Numbers, labels: tuple[str, ...]) -> Iterator[Comparator]:
    """Below all versions that a partial one stands for; nothing is below `*`."""
    yield Comparator("<", _first(numbers, labels if None not in numbers else _LOWEST))


def _first(numbers: _Numbers, labels: tuple[str, ...]) -> SemanticVersion:
    """The version with zeros for what is open."""
    return SemanticVersion(numbers[0] or 0, numbers[1] or 0, numbers[2] or 0, labels)


def _next(numbers: _Numbers, kept: int) -> SemanticVersion:
    """The lowest version, prereleases included, in which the number at a position is one higher."""
    parts = [number or 0 for number in numbers[: kept + 1]]
    parts[-1] += 1
    parts += [0] * (3 - len(parts))
    return SemanticVersion(parts[0], parts[1], parts[2], _LOWEST)
