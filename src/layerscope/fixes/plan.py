"""The plan: the fixes that findings suggest, each once, in order of effect."""

from collections.abc import Iterable
from dataclasses import dataclass

from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.order import ends_everything
from layerscope.rules.severity import Severity


@dataclass(frozen=True)
class PlannedFix:
    """A fix, the codes of the findings it removes, the worst of their severities, and the bytes it saves.

    `alternatives` are the other fixes of those findings, that would do as well.
    """

    fix: Fix
    removes: tuple[str, ...]
    severity: Severity
    saves: int
    alternatives: tuple[Fix, ...] = ()


def plan_fixes(findings: Iterable[Finding]) -> tuple[PlannedFix, ...]:
    """Return every fix once, the worst cured first, then the most saved; only a finding's first fix is planned.

    Of equal severity, what cures a finding that ends all GPU work leads.
    """
    groups: dict[Fix, list[Finding]] = {}
    for finding in findings:
        for fix in finding.fixes[:1]:
            groups.setdefault(fix, []).append(finding)
    planned = [
        PlannedFix(
            fix=fix,
            removes=tuple(sorted({finding.code for finding in cured})),
            severity=max(finding.severity for finding in cured),
            saves=sum(finding.wasted for finding in cured),
            alternatives=tuple(dict.fromkeys(other for finding in cured for other in finding.fixes[1:])),
        )
        for fix, cured in groups.items()
    ]
    leading = {fix for fix, cured in groups.items() if any(map(ends_everything, cured))}

    def rank(step: PlannedFix) -> tuple[int, bool, int, tuple[str, ...], str]:
        return -step.severity, step.fix not in leading, -step.saves, step.removes, step.fix.title

    return tuple(sorted(planned, key=rank))
