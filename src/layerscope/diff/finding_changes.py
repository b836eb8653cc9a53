"""Findings of two images: new, fixed and kept, by what they are about."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from layerscope.diff.findings import Graver, Lesser, identify, is_graver, tell_apart
from layerscope.rules.finding import Finding

_INSTRUCTION: Final = re.compile(r" \((?:ENV|ARG|LABEL|RUN|USER|CMD|ENTRYPOINT|EXPOSE|VOLUME|WORKDIR) [^()]*\)")
"""The instruction that a message cites, which may be another one for the same thing."""


@dataclass(frozen=True)
class FindingChanges:
    """What is wrong with the second image alone or graver there, what was wrong with the first alone, and the rest.

    A finding that says less than before, of fewer paths, is kept.
    """

    new: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    kept: tuple[Finding, ...] = ()
    graver: tuple[Graver, ...] = ()
    """Those of the new ones that the first image has as well, and how grave they are there."""
    lesser: tuple[Lesser, ...] = ()
    """Those of the kept ones that are graver in the first image, and how grave they are there."""

    @property
    def count(self) -> int:
        """How many findings differ."""
        return len(self.new) + len(self.fixed) + len(self.lesser)


def compare_image_findings(before: Sequence[Finding], after: Sequence[Finding]) -> FindingChanges:
    """Every finding of the second image is new or kept; one of the first is fixed if nothing of it is left."""
    new = tuple(_iter_new(before, after))
    kept = tuple(finding for finding in after if not any(finding is other for other in new))
    worst = _find_worst(before)
    graver = tuple(Graver(each, worst[_tell_subject(each)].severity) for each in new if _tell_subject(each) in worst)
    return FindingChanges(new, tuple(_iter_fixed(before, after)), kept, graver, tuple(_iter_lesser(before, after)))


def _iter_new(before: Sequence[Finding], after: Sequence[Finding]) -> Iterator[Finding]:
    worst = _find_worst(before)
    known = _collect_paths(before)
    for finding in after:
        was = worst.get(_tell_subject(finding))
        if was is not None:
            if is_graver(finding, was):
                yield finding
            continue
        code, paths = identify(finding)
        if None in paths or not paths <= known.get(code, frozenset()):
            yield finding


def _iter_fixed(before: Sequence[Finding], after: Sequence[Finding]) -> Iterator[Finding]:
    told, left = _find_worst(after), _collect_paths(after)
    for finding in before:
        if _tell_subject(finding) in told:
            continue
        code, paths = identify(finding)
        if None in paths or not paths & left.get(code, frozenset()):
            yield finding


def _iter_lesser(before: Sequence[Finding], after: Sequence[Finding]) -> Iterator[Lesser]:
    """What would be graver the other way round."""
    worst = _find_worst(before)
    for key, finding in _find_worst(after).items():
        if key in worst and is_graver(worst[key], finding):
            yield Lesser(finding, worst[key].severity)


def _find_worst(findings: Iterable[Finding]) -> dict[object, Finding]:
    """The gravest of each finding, by what tells it from others; of those, the one that wastes most."""
    worst: dict[object, Finding] = {}
    for finding in findings:
        key = _tell_subject(finding)
        worst[key] = max(worst.get(key, finding), finding, key=lambda each: (each.severity, each.wasted))
    return worst


def _tell_subject(finding: Finding) -> tuple[str, frozenset[str | None], str]:
    """What tells one finding from all others of two images, in which the same thing may be told in other words."""
    code, paths, message = tell_apart(finding)
    return code, paths, "" if finding.is_only else _INSTRUCTION.sub("", message)


def _collect_paths(findings: Iterable[Finding]) -> dict[str, frozenset[str | None]]:
    """All paths that each rule speaks of."""
    found: dict[str, frozenset[str | None]] = {}
    for finding in findings:
        code, paths = identify(finding)
        found[code] = found.get(code, frozenset()) | paths
    return found
