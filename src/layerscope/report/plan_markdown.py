"""The plan as Markdown, for a merge request: a table of the steps, then each step with what is to be copied."""

from collections.abc import Iterator
from itertools import groupby

from layerscope.audit.result import AuditResult
from layerscope.fixes.dockerfile.proposal import DockerfileProposal
from layerscope.fixes.plan import LeftOut, Plan, PlannedFix
from layerscope.fixes.proposal import Proposal
from layerscope.fixes.steps import is_command, is_instruction, read_command, read_remark
from layerscope.report.dockerfile_view import write_dockerfile
from layerscope.report.markdown import write_code, write_fence, write_prose, write_row
from layerscope.report.places import tell_reference
from layerscope.report.plan_words import list_layer_edits, tell_layer_edits, tell_nothing, tell_remarks, tell_sum
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.wording import tell_count, tell_size

HEADINGS = ("step", "change", "kind", "safety", "removes", "saves")


def render_plan_markdown(result: AuditResult, proposal: Proposal, dockerfile: DockerfileProposal | None = None) -> str:
    """The whole plan; all text of the image stands in code spans and fences."""
    plan = proposal.plan
    lines = [f"# Fixes for {write_code(tell_reference(result.image.reference))}", ""]
    if plan.steps:
        lines += [*_write_table(plan), "", f"{tell_sum(result, plan)}."]
    else:
        lines.append(f"{tell_nothing(proposal)}.")
    for remark in tell_remarks(result, proposal):
        lines += ["", f"**Note:** {remark}."]
    for number, step in enumerate(plan.steps, start=1):
        lines += ["", *_write_step(number, step)]
    for command, steps in list_layer_edits(plan).items():
        lines += ["", "## Without a build", "", f"{tell_layer_edits(steps)}:", "", *write_fence([command], "sh")]
    if plan.left_out:
        numbers = {step.fix: number for number, step in enumerate(plan.steps, start=1)}
        lines += ["", "## Left out", "", *(_tell_left_out(each, numbers[each.instead]) for each in plan.left_out)]
    if plan.uncured:
        found = [f"- {finding.code}: {write_prose(finding.message)}" for finding in plan.uncured]
        lines += ["", "## Found, and no fix known", "", *found]
    if dockerfile is not None:
        lines += write_dockerfile(dockerfile)
    return "\n".join(lines) + "\n"


def _write_table(plan: Plan) -> Iterator[str]:
    yield write_row(HEADINGS)
    yield "| --- | --- | --- | --- | --- | ---: |"
    for number, step in enumerate(plan.steps, start=1):
        saves = tell_size(step.saves) if step.saves else ""
        fix = step.fix
        yield write_row((str(number), write_prose(fix.title), fix.kind, fix.safety, ", ".join(step.removes), saves))


def _write_step(number: int, step: PlannedFix) -> Iterator[str]:
    yield f"## {number}. {write_prose(step.fix.title)}"
    yield ""
    more = f" (and {tell_count(len(step.findings) - 1, 'more finding')})" if len(step.findings) > 1 else ""
    yield f"{', '.join(step.removes)}: {write_prose(step.reason)}{more}"
    yield from _write_lines(step.fix)
    for fix in step.alternatives:
        yield ""
        yield f"**Or:** {write_prose(fix.title)} ({fix.kind}, {fix.safety})"
        yield from _write_lines(fix)


def _write_lines(fix: Fix) -> Iterator[str]:
    """The lines of a fix: what can be copied in blocks of code, what is to be read as a list; layer edits have none."""
    for language, lines in groupby(fix.steps if fix.kind is not FixKind.LAYER_EDIT else (), key=_choose_language):
        yield ""
        if language:
            yield from write_fence((part for line in lines for part in _split_remark(line)), language)
        else:
            yield from (f"- {write_prose(line)}" for line in lines)


def _choose_language(line: str) -> str:
    return "dockerfile" if is_instruction(line) else "sh" if is_command(line) else ""


def _split_remark(line: str) -> Iterator[str]:
    """A command, with the remark on it as a comment above, where it is in nobody's way."""
    if remark := read_remark(line):
        yield f"# {remark}"
    yield read_command(line)


def _tell_left_out(each: LeftOut, number: int) -> str:
    verdict = f"step {number} does it" if each.is_cured else f"not beside step {number}"
    return f"- {write_prose(each.fix.title)} ({', '.join(each.codes)}); {verdict}: {write_prose(each.reason)}"
