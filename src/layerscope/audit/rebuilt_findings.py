"""The findings of an image and of the one that was built in its place, whose paths and sizes may be others."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from layerscope.diff.findings import Graver, compare_findings, is_graver, leave_out, tell_apart
from layerscope.rules.finding import Finding

LESSENED: Final = 0.9
"""Part of the bytes up to which a finding counts as cured in part."""

_NUMBERS: Final = re.compile(r"\d+")


@dataclass(frozen=True)
class RebuiltFindings:
    """What became of the findings: `kept` are those of the new image that the old one had.

    `added` has those that the old one had and that are graver now, too.
    """

    before: tuple[Finding, ...]
    removed: tuple[Finding, ...]
    kept: tuple[Finding, ...]
    added: tuple[Finding, ...]
    graver: tuple[Graver, ...] = ()

    def take_back(self, others: Collection[Finding]) -> "RebuiltFindings":
        """The same with some of the new findings among those that were there before."""
        added = tuple(leave_out(self.added, tuple(others)))
        return replace(self, added=added, kept=(*self.kept, *leave_out(self.added, added)))

    def list_uncured(
        self, cures: Sequence[Finding], is_explained: Callable[[Finding, Finding], bool] | None = None
    ) -> tuple[Finding, ...]:
        """The findings that were to be gone and are still there, though what is left of them is not explained.

        Less than before is explanation enough where nobody knows better.
        """
        explains = is_lessened if is_explained is None else is_explained
        return tuple(dict.fromkeys(finding for cured in cures for finding in self._iter_left(cured, cures, explains)))

    def _iter_left(
        self, cured: Finding, cures: Sequence[Finding], explains: Callable[[Finding, Finding], bool]
    ) -> Iterator[Finding]:
        """What is left of a finding; as many as look like it and were not to be cured are none."""
        others = sum(is_same(other, cured) and other not in cures for other in self.before)
        left = [finding for finding in self.kept if is_same(finding, cured) and not explains(finding, cured)]
        yield from left[others:]


def compare_rebuilt(
    before: tuple[Finding, ...], after: tuple[Finding, ...], *, cures: Sequence[Finding] = ()
) -> RebuiltFindings:
    """The findings that are gone, those that are new, and the rest.

    Another release of a package has other numbers in its paths; a finding with some of the old paths is the old one.
    """
    found = compare_findings(before, after, cures=cures)
    added = leave_out(found.added, [each.finding for each in found.graver])
    like = {id(finding): [other for other in found.removed if is_same(finding, other)] for finding in added}
    risen = [each for each in added if like[id(each)] and all(is_graver(each, other) for other in like[id(each)])]
    moved = (Graver(each, max(other.severity for other in like[id(each)])) for each in risen)
    graver = (*found.graver, *moved)
    new = (*(each for each in added if not like[id(each)]), *(each.finding for each in graver))
    gone = tuple(finding for finding in found.removed if not any(is_same(finding, other) for other in added))
    return RebuiltFindings(before, gone, tuple(leave_out(after, new)), new, graver)


def is_same(finding: Finding, other: Finding) -> bool:
    """Whether two findings are one as far as paths tell: of one rule, and at some of the same paths, or at none.

    Those about the config alone go by their messages.
    """
    own, others = _fold_paths(finding), _fold_paths(other)
    if not own and not others:
        return tell_apart(finding) == tell_apart(other)
    return finding.code == other.code and not own.isdisjoint(others)


def is_lessened(finding: Finding, before: Finding) -> bool:
    """Whether less is left of a finding: fewer places, or fewer bytes."""
    return len(finding.locations) < len(before.locations) or finding.wasted < before.wasted * LESSENED


def fold_path(path: str | None) -> str:
    """A path without its numbers, by which another release of what lies there has the same; empty for none."""
    return _NUMBERS.sub("#", path or "")


def _fold_paths(finding: Finding) -> frozenset[str]:
    return frozenset(fold_path(place.path) for place in finding.locations if place.path is not None)
