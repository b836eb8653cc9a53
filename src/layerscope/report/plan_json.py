"""Fixes and the plan as parts of a JSON report."""

from typing import TYPE_CHECKING, Final, get_args

from layerscope.fixes.plan import LeftOut, Plan, PlannedFix
from layerscope.report.dockerfile_words import hide_secrets
from layerscope.report.json_v1 import FixKindName, FixV1, LeftOutV1, PlanStepV1, PlanV1, SafetyName
from layerscope.rules.fix import Fix, FixKind, Safety

if TYPE_CHECKING:
    from layerscope.fixes.dockerfile.edit import DockerfileEdit
    from layerscope.fixes.dockerfile.proposal import DockerfileProposal

_SAFETIES: Final[dict[Safety, SafetyName]] = {Safety(name): name for name in get_args(SafetyName)}
_KINDS: Final[dict[FixKind, FixKindName]] = {FixKind(name): name for name in get_args(FixKindName)}


def build_fix(fix: Fix) -> FixV1:
    """A fix, planned or not."""
    return FixV1(title=fix.title, kind=_KINDS[fix.kind], safety=_SAFETIES[fix.safety], steps=list(fix.steps))


def build_plan(plan: Plan, dockerfile: "DockerfileProposal | None" = None) -> PlanV1:
    """The plan, and what is left out of it; with a Dockerfile, the patch of it or the command that takes each step."""
    numbers = {step.fix: number for number, step in enumerate(plan.steps)}
    return PlanV1(
        steps=[_build_step(step, dockerfile) for step in plan.steps],
        left_out=[_build_left_out(each, numbers[each.instead]) for each in plan.left_out],
    )


def build_dockerfile(dockerfile: "DockerfileProposal") -> dict[str, object]:
    """The diff of all edits together, the files that they change, each edit, and why other findings get none."""
    return {
        "patch": hide_secrets(dockerfile.diff),
        "files": [{"path": each.name, "is_new": each.before is None} for each in dockerfile.changes],
        "edits": list(map(build_edit, dockerfile.edits)),
        "refused": [
            {"code": each.code, "layer": each.layer, "reason": each.reason, "advice": each.advice}
            for each in dockerfile.refused
        ],
        "rebuilds": [
            {"code": each.code, "command": dockerfile.write_command(each.flags), "reason": each.reason}
            for each in dockerfile.rebuilds
        ],
    }


def build_edit(edit: "DockerfileEdit") -> dict[str, object]:
    """An edit, and the files beside the Dockerfile that it changes."""
    return {
        "code": edit.code,
        "layer": edit.layer,
        "title": edit.title,
        "safety": edit.safety.value,
        "files": [each.file.name for each in edit.files],
    }


def _find_patch(step: PlannedFix, dockerfile: "DockerfileProposal | None") -> str | None:
    patch = None if dockerfile is None else dockerfile.find_patch(step.findings)
    return None if patch is None else hide_secrets(patch)


def _build_step(step: PlannedFix, dockerfile: "DockerfileProposal | None") -> PlanStepV1:
    return PlanStepV1(
        kind=_KINDS[step.fix.kind],
        title=step.fix.title,
        safety=_SAFETIES[step.fix.safety],
        reason=step.reason,
        steps=list(step.fix.steps),
        command=None if dockerfile is None else dockerfile.find_command(step.removes),
        patch=_find_patch(step, dockerfile),
        removes=list(step.removes),
        saves=step.saves,
        alternatives=list(map(build_fix, step.alternatives)),
    )


def _build_left_out(left_out: LeftOut, step: int) -> LeftOutV1:
    return LeftOutV1(
        title=left_out.fix.title,
        kind=_KINDS[left_out.fix.kind],
        codes=list(left_out.codes),
        reason=left_out.reason,
        step=step,
        cured=left_out.is_cured,
    )
