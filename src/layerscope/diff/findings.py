"""The findings of an image before and after it was changed: which are gone, which are new, and which are graver."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from typing import Final, NamedTuple

from layerscope.rules.finding import Finding, Location
from layerscope.rules.severity import Severity

_NUMBERS: Final = re.compile(r"(?<!\w)\d[\d.,]*(?!\w)")

Tell = Callable[[Finding], Hashable]
"""What tells findings apart."""


class Graver(NamedTuple):
    """A finding that was there before, and is graver now."""

    finding: Finding
    before: Severity

    @property
    def severities(self) -> str:
        """Both of them, in words."""
        return f"{self.before} before, {self.finding.severity} now"


class Lesser(NamedTuple):
    """A finding that was there before, and is less grave now."""

    finding: Finding
    before: Severity

    @property
    def severities(self) -> str:
        """Both of them, in words."""
        return f"{self.before} before, {self.finding.severity} now"


class ComparedFindings(NamedTuple):
    """The findings that are gone, and those that are new; `added` has those that are graver, too."""

    removed: tuple[Finding, ...]
    added: tuple[Finding, ...]
    graver: tuple[Graver, ...] = ()


def compare_findings(
    before: Sequence[Finding], after: Sequence[Finding], *, cures: Collection[Finding] = ()
) -> ComparedFindings:
    """What became of the findings. Layers may be numbered anew, so paths tell them apart.

    Those about the config alone go by their messages; one that was to stay may be told in other words. What is the
    same and has a higher severity is as bad as a new one: a rule says by it that the image breaks now.
    """
    removed, unlike = tuple(_iter_excess(before, after, tell_apart)), tuple(_iter_excess(after, before, tell_apart))
    stayed = [finding for finding in removed if finding not in cures]
    reworded = Counter(map(id, stayed)) - Counter(map(id, _iter_excess(stayed, unlike, identify)))
    added = tuple(_iter_excess(unlike, stayed, identify))
    removed = tuple(finding for finding in removed if id(finding) not in reworded)
    graver = (
        *_iter_graver(before, leave_out(after, unlike), tell_apart),
        *_iter_graver(stayed, leave_out(unlike, added), identify),
    )
    new = tuple(finding for finding in added if not _is_less(finding, removed))
    return ComparedFindings(removed, (*new, *(each.finding for each in graver)), graver)


def tell_added(finding: Finding, graver: Sequence[Graver]) -> str:
    """How a finding came to be among those that are new."""
    return f"{tell_rise(finding, graver)}: {finding.message}"


def tell_rise(finding: Finding, graver: Sequence[Graver]) -> str:
    """That a finding is new, or graver and by how much."""
    rise = next((f"is graver: {each.severities}" for each in graver if each.finding is finding), "is new")
    return f"{finding.code} {rise}"


def leave_out(findings: Sequence[Finding], others: Sequence[Finding]) -> list[Finding]:
    """The findings that are none of these very others, which may look alike."""
    left_out = set(map(id, others))
    return [finding for finding in findings if id(finding) not in left_out]


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
    """Whether a finding is what is left of another one: of the same rule, at some of its paths, and no graver."""
    code, paths = identify(finding)
    return any(
        code == other.code and paths < identify(other)[1] and finding.severity <= other.severity for other in others
    )


def _iter_graver(before: Sequence[Finding], after: Sequence[Finding], tell: Tell) -> Iterator[Graver]:
    """The findings of which the severity rose; of several that look alike, the gravest are compared first."""
    alike: dict[Hashable, list[Finding]] = defaultdict(list)
    for finding in sorted(before, key=lambda each: each.severity):
        alike[tell(finding)].append(finding)
    for finding in sorted(after, key=lambda each: -each.severity):
        was = alike[tell(finding)].pop()
        if is_graver(finding, was):
            yield Graver(finding, was.severity)


def is_graver(finding: Finding, before: Finding) -> bool:
    """Whether the severity rose; no more wasted bytes only are a greater part of a smaller image."""
    return finding.severity > before.severity and not 0 < finding.wasted <= before.wasted


def _iter_excess(findings: Sequence[Finding], others: Sequence[Finding], tell: Tell) -> Iterator[Finding]:
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
