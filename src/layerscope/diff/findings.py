"""The findings of an image before and after it was changed: which are gone, and which are new."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from typing import Final

from layerscope.rules.finding import Finding, Location

_NUMBERS: Final = re.compile(r"\d[\d.,]*")


def compare_findings(
    before: Sequence[Finding], after: Sequence[Finding], *, cures: Collection[Finding] = ()
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """The findings that are gone, and those that are new. Layers may be numbered anew, so paths tell them apart.

    Those about the config alone go by their messages; one that was to stay may be told in other words.
    """
    removed, added = tuple(_iter_excess(before, after, tell_apart)), tuple(_iter_excess(after, before, tell_apart))
    stayed = [finding for finding in removed if finding not in cures]
    reworded = Counter(map(id, stayed)) - Counter(map(id, _iter_excess(stayed, added, identify)))
    added = tuple(_iter_excess(added, stayed, identify))
    removed = tuple(finding for finding in removed if id(finding) not in reworded)
    return removed, tuple(finding for finding in added if not _is_less(finding, removed))


def list_left(before: Sequence[Finding], after: Sequence[Finding], cures: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings of the new image that were to be gone; as many as look like them and were to stay are none."""
    return tuple(dict.fromkeys(left for cured in cures for left in _find_left(cured, before, after, cures)))


def _find_left(
    cured: Finding, before: Sequence[Finding], after: Sequence[Finding], cures: Sequence[Finding]
) -> Sequence[Finding]:
    others = sum(tell_apart(other) == tell_apart(cured) and other not in cures for other in before)
    left = [finding for finding in after if tell_apart(finding) == tell_apart(cured)]
    return left[others:]


def _is_less(finding: Finding, others: Sequence[Finding]) -> bool:
    """Whether a finding is what is left of another one: of the same rule, at some of its paths."""
    code, paths = identify(finding)
    return any(code == other.code and paths < identify(other)[1] for other in others)


def _iter_excess(
    findings: Sequence[Finding], others: Sequence[Finding], tell: Callable[[Finding], Hashable]
) -> Iterator[Finding]:
    """The findings that have no counterpart; of several that look alike, the last ones."""
    left = Counter(map(tell, others))
    for finding in findings:
        left[tell(finding)] -= 1
        if left[tell(finding)] < 0:
            yield finding


def identify(finding: Finding) -> tuple[str, frozenset[str | None]]:
    """What tells one finding from most others: its code, and its paths."""
    return finding.code, frozenset(place.path for place in finding.locations)


def tell_apart(finding: Finding) -> tuple[str, frozenset[str | None], str]:
    """What tells one finding from all others: where it is about no layer and no path, its message, but for numbers."""
    is_placed = any(place != Location() for place in finding.locations)
    return *identify(finding), "" if is_placed else _NUMBERS.sub("#", finding.message)
