"""Proposal: a plan for what was asked for, and how much of what was found it leaves aside for that reason."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from layerscope.fixes.plan import Plan, plan_fixes
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Safety


@dataclass(frozen=True)
class Proposal:
    """The plan, how many findings it answers, and how many have fixes of which none may be applied unread.

    `withheld` is 0 where such fixes are planned too.
    """

    plan: Plan
    findings: int
    withheld: int = 0


def propose(findings: Iterable[Finding], *, codes: Collection[str] = (), is_safe: bool = False) -> Proposal:
    """Return the plan for the findings with these codes, all without any; with `is_safe`, of safe fixes alone."""
    asked = [finding for finding in findings if not codes or finding.code in codes]
    if not is_safe:
        return Proposal(plan_fixes(asked), len(asked))
    kept = [_keep_safe(finding) for finding in asked]
    withheld = [finding for finding, before in zip(kept, asked, strict=True) if before.fixes and not finding.fixes]
    told = [finding for finding in kept if finding not in withheld]
    return Proposal(plan_fixes(told), len(asked), len(withheld))


def _keep_safe(finding: Finding) -> Finding:
    return replace(finding, fixes=tuple(fix for fix in finding.fixes if fix.safety is Safety.SAFE))
