"""Fingerprints: by which a finding is known again in the next audit of an image that was built anew.

They hold what `tell_apart` holds, its rule, its paths and, where there are none, its message but for numbers; beside
it the instructions of the layers where there is no path. The numbers of layers, sizes, digests, and the place that the
image was read from have no part in them.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from layerscope.audit.result import AuditResult
from layerscope.diff.findings import tell_apart
from layerscope.report.instruction import tell_instruction
from layerscope.report.origin import find_layer
from layerscope.rules.finding import Finding
from layerscope.rules.wording import quote_copy

_LENGTH: Final = 32
"""Hexadecimal digits: 128 bits, as many as the MD5 that consumers of such reports are used to."""


@dataclass(frozen=True)
class Fingerprint:
    """The hash of what a finding is, and which of those that look alike it is, counted from one."""

    hash: str
    number: int

    @property
    def text(self) -> str:
        """One word that no other finding of the audit has."""
        return self.hash if self.number == 1 else hash_words(self.hash, str(self.number))

    @property
    def counted(self) -> str:
        """The form of GitHub's `primaryLocationLineHash`."""
        return f"{self.hash}:{self.number}"


def fingerprint_findings(findings: Iterable[Finding], result: AuditResult) -> Iterator[tuple[Finding, Fingerprint]]:
    """Each finding with its fingerprint, in the order given; of several that look alike, by their order."""
    seen: Counter[str] = Counter()
    for finding in findings:
        digest = _hash_finding(finding, result)
        seen[digest] += 1
        yield finding, Fingerprint(digest, seen[digest])


def _hash_finding(finding: Finding, result: AuditResult) -> str:
    code, paths, message = tell_apart(finding)
    told = sorted(path for path in paths if path is not None)
    layers = [] if told else [find_layer(place, result) for place in finding.locations]
    steps = sorted({quote_copy(tell_instruction(layer.step)) for layer in layers if layer is not None})
    return hash_words(code, message, *(f"/{path}" for path in told), *steps)


def hash_words(*words: str) -> str:
    """A short hash of some words, whatever is in them."""
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:_LENGTH]
