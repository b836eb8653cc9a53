"""A build that broke off: at which instruction, and which finding or known error explains that."""

from dataclasses import dataclass
from typing import Final

from layerscope.audit.build_fix import BuildFix
from layerscope.audit.evidence import find_evidence
from layerscope.audit.result import AuditResult
from layerscope.fixes.builds.failed_step import find_failed_instruction, tell_instruction
from layerscope.fixes.builds.output import BuildRun
from layerscope.fixes.dockerfile.edit import DockerfileEdit
from layerscope.fixes.dockerfile.rebuild import RebuildAdvice
from layerscope.formats.dockerfile import Instruction
from layerscope.policies.error_search import clean_text, find_explanations
from layerscope.policies.explanation import Explanation, Likeness
from layerscope.policies.policies import Policies
from layerscope.rules.finding import Finding

SHOWN_CAUSES: Final = 3
"""Known errors that are told of one step's output."""


@dataclass(frozen=True)
class Cause:
    """A known error that a step's output shows, and what the image from before shows of it."""

    explanation: Explanation
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class FailedBuild:
    """What broke: the instruction and its line in the user's own file, where known, its last words, and why.

    `edits` are those that made the instruction what it is, `edits_above` those of instructions before it, and
    `advice` why it was not taken from the cache, or the base image pulled.
    """

    before: AuditResult
    destination: str
    command: tuple[str, ...]
    exit_code: int
    line: int | None
    instruction: str
    edits: tuple[DockerfileEdit, ...]
    edits_above: tuple[DockerfileEdit, ...]
    advice: tuple[RebuildAdvice, ...]
    output: tuple[str, ...]
    causes: tuple[Cause, ...]


def explain_failure(
    before: AuditResult, fix: BuildFix, run: BuildRun, *, destination: str, policies: Policies
) -> FailedBuild:
    """Say where a build broke, and why as far as that is known."""
    breakdown = run.breakdown
    instruction = find_failed_instruction(fix.file.after, breakdown)
    text = clean_text("\n".join(breakdown.output))
    causes = [
        Cause(each, find_evidence(before, each, policies).telling)
        for each in find_explanations(policies.errors, text)[:SHOWN_CAUSES]
        if each.likeness is not Likeness.SYMPTOM
    ]
    return FailedBuild(
        before,
        destination,
        run.command,
        run.code,
        line=None if instruction is None else fix.file.find_old(instruction).number,
        instruction=breakdown.text if instruction is None else tell_instruction(instruction),
        edits=() if instruction is None else fix.file.find_edits(instruction),
        edits_above=() if instruction is None else fix.file.find_edits_above(instruction),
        advice=() if instruction is None else tuple(each for each in fix.advice if _concerns(each, instruction)),
        output=breakdown.output,
        causes=tuple(causes),
    )


def _concerns(advice: RebuildAdvice, instruction: Instruction) -> bool:
    """Whether an instruction is carried out for a piece of advice: a FROM pulls, and all others make anew."""
    return ("--pull" in advice.flags) is (instruction.keyword == "FROM")
