"""The findings of an image before and after it was changed: which are gone, and which are new."""

from collections import Counter
from collections.abc import Iterator, Sequence

from layerscope.rules.finding import Finding


def compare_findings(
    before: Sequence[Finding], after: Sequence[Finding]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """The findings that are gone, and those that are new. Layers may be numbered anew, so paths tell them apart."""
    removed, added = tuple(_iter_excess(before, after)), tuple(_iter_excess(after, before))
    return removed, tuple(finding for finding in added if not _is_less(finding, removed))


def _is_less(finding: Finding, others: Sequence[Finding]) -> bool:
    """Whether a finding is what is left of another one: of the same rule, at some of its paths."""
    code, paths = identify(finding)
    return any(code == other.code and paths < identify(other)[1] for other in others)


def _iter_excess(findings: Sequence[Finding], others: Sequence[Finding]) -> Iterator[Finding]:
    """The findings that have no counterpart; of several that look alike, the last ones."""
    left = Counter(map(identify, others))
    for finding in findings:
        left[identify(finding)] -= 1
        if left[identify(finding)] < 0:
            yield finding


def identify(finding: Finding) -> tuple[str, frozenset[str | None]]:
    """What tells one finding from another: its code, and its paths."""
    return finding.code, frozenset(place.path for place in finding.locations)
