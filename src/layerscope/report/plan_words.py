"""What a plan comes to, in words: its sum, what it leaves aside, and that there is nothing to do."""

from collections.abc import Iterator, Sequence

from layerscope.audit.result import AuditResult
from layerscope.fixes.plan import Plan
from layerscope.fixes.proposal import Proposal
from layerscope.report.damage import IMAGE, find_flaw
from layerscope.rules.fix import Safety
from layerscope.rules.layer_fixes import COMMAND
from layerscope.rules.wording import tell_count, tell_list, tell_share, tell_size


def tell_sum(result: AuditResult, plan: Plan) -> str:
    """How many steps there are, how many of them may be applied unread, and the bytes they save."""
    safe = sum(step.fix.safety is Safety.SAFE for step in plan.steps)
    parts = [f"{count} {word}" for count, word in ((safe, "safe"), (len(plan.steps) - safe, "to review")) if count]
    text = f"{tell_count(len(plan.steps), 'step')}: {', '.join(parts)}"
    saves = sum(step.saves for step in plan.steps)
    if not saves:
        return text
    total = result.weight.total
    share = f" of {tell_size(total)} ({tell_share(saves / total)})" if saves <= total else ""
    return f"{text}; {tell_size(saves)}{share} saved"


def list_layer_edits(plan: Plan) -> dict[str, list[int]]:
    """The commands that make the fixes in the image itself, each with the numbers of the steps that it makes."""
    commands: dict[str, list[int]] = {}
    for number, step in enumerate(plan.steps, start=1):
        made = next((fix for fix in (step.fix, *step.alternatives) if fix.edits), None)
        if made is not None:
            command = COMMAND if made.safety is Safety.SAFE else f"{COMMAND} --reviewed"
            commands.setdefault(command, []).append(number)
    return commands


def tell_layer_edits(numbers: Sequence[int]) -> str:
    """What such a command does."""
    steps = f"{'Step' if len(numbers) == 1 else 'Steps'} {tell_list(map(str, numbers), shown=len(numbers))}"
    return f"{steps} can be made in the image as it is, without a build; every other file stays as it is"


def tell_nothing(proposal: Proposal) -> str:
    """That there is no step, and why."""
    if not proposal.findings:
        return "Nothing to fix: nothing was found"
    found = tell_count(proposal.findings, "finding")
    if proposal.withheld:
        return f"Nothing that may be fixed unread: {found}"
    return f"Nothing to fix: no fix is known for {'it' if proposal.findings == 1 else 'them'} ({found})"


def tell_remarks(result: AuditResult, proposal: Proposal) -> Iterator[str]:
    """What a reader must know beside the steps: damage, what was not read, what was left aside."""
    if not result.is_intact:
        yield f"The image {IMAGE[find_flaw(result)]}; what else is planned rests on what could be read"
    if result.gaps:
        yield f"{tell_count(len(result.gaps), 'part')} could not be read, and may need more: see layerscope audit"
    if proposal.withheld:
        yield f"{tell_count(proposal.withheld, 'finding')} left aside, whose fixes are to be read first (no --safe)"
    if result.ignored:
        yield f"{tell_count(result.ignored, 'finding')} of the base image left out on request"
