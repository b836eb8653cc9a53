"""Evidence for a known error: what the rules that look for its causes found in an image."""

from dataclasses import dataclass
from typing import Final

from layerscope.audit.result import AuditResult
from layerscope.policies.explanation import Explanation
from layerscope.rules.finding import Finding
from layerscope.rules.registry import find_rule

TELLING: Final = 5
"""Characters from which a value that a message caught (a library, a symbol) is worth looking for in findings."""


@dataclass(frozen=True)
class ErrorEvidence:
    """What an image shows of one error."""

    checked: tuple[str, ...]
    """The rules that look for its causes in an image; empty where it lies in no image, or no rule looks for it."""
    named: tuple[Finding, ...]
    """Findings of those rules that name what the message named."""
    related: tuple[Finding, ...]
    """Their other findings."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them."""
        return self.named + self.related


def find_evidence(result: AuditResult, explanation: Explanation) -> ErrorEvidence:
    """What the image shows of an error."""
    checked = tuple(name for name in explanation.rules if find_rule(name) is not None)
    found = [finding for finding in result.findings if finding.rule in checked]
    values = [value for value in explanation.values.values() if len(value) >= TELLING]
    named = tuple(finding for finding in found if any(_is_about(finding, value) for value in values))
    return ErrorEvidence(checked, named, tuple(finding for finding in found if finding not in named))


def _is_about(finding: Finding, value: str) -> bool:
    return value in finding.message or any(value in (place.path or "") for place in finding.locations)
