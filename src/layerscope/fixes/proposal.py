"""Proposal: a plan for what was asked for, and how much of what was found it leaves aside for that reason."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from layerscope.fixes.plan import Plan, PlannedFix, plan_fixes
from layerscope.rules.finding import Finding
from layerscope.rules.fix import FixKind, Safety


@dataclass(frozen=True)
class Proposal:
    """The plan, how many findings it answers, and how many have fixes of which none may be applied unread.

    `withheld` is 0 where such fixes are planned too.
    """

    plan: Plan
    findings: int
    withheld: int = 0


def propose(
    findings: Sequence[Finding], *, codes: Collection[str] = (), is_safe: bool = False, base_layers: int = 0
) -> Proposal:
    """Return the plan for the findings with these codes, all without any; with `is_safe`, of safe fixes alone.

    What the whole plan cures by the fix of another finding is cured by that here too: the smaller fix alone may harm.
    A rebuild harms nothing: it stays where the other finding was not asked for, and nobody makes its fix.
    """
    plan = plan_fixes(findings, base_layers=base_layers)
    if not codes and not is_safe:
        return Proposal(plan, len(findings))
    asked = [finding for finding in _settle(findings, plan, codes) if not codes or finding.code in codes]
    if not is_safe:
        return Proposal(plan_fixes(asked, base_layers=base_layers), len(asked))
    kept = [_keep_safe(finding) for finding in asked]
    told = [finding for finding, before in zip(kept, asked, strict=True) if finding.fixes or not before.fixes]
    return Proposal(plan_fixes(told, base_layers=base_layers), len(asked), len(asked) - len(told))


def _settle(findings: Sequence[Finding], plan: Plan, codes: Collection[str]) -> list[Finding]:
    """The findings, each with the fix first by which the plan cures it, and without those that it makes needless."""
    cures = {
        finding: step.fix
        for step in plan.steps
        for finding in step.findings
        if not _is_rebuilt(finding) or _is_asked(step, codes)
    }
    needless = {each.fix for each in plan.left_out if each.is_cured}
    return [
        replace(finding, fixes=(cures[finding], *(fix for fix in finding.fixes if fix not in needless)))
        if finding in cures and cures[finding] not in finding.fixes
        else finding
        for finding in findings
    ]


def _is_rebuilt(finding: Finding) -> bool:
    return any(fix.kind is FixKind.REBUILD for fix in finding.fixes[:1])


def _is_asked(step: PlannedFix, codes: Collection[str]) -> bool:
    """Whether one of the findings that a step is for was asked for."""
    return not codes or any(step.fix in finding.fixes and finding.code in codes for finding in step.findings)


def _keep_safe(finding: Finding) -> Finding:
    return replace(finding, fixes=tuple(fix for fix in finding.fixes if fix.safety is Safety.SAFE))
