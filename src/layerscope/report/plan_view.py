"""The plan alone: what to do, in order, why, and what comes of it; then what was left out and what has no fix."""

from rich.table import Table
from rich.text import Text

from layerscope.audit.result import AuditResult
from layerscope.fixes.dockerfile.proposal import DockerfileProposal
from layerscope.fixes.plan import LeftOut, Plan, PlannedFix
from layerscope.fixes.proposal import Proposal
from layerscope.report.context import RenderContext
from layerscope.report.dockerfile_view import draw_dockerfile
from layerscope.report.escape import escape_line, escape_text
from layerscope.report.json_format import build_finding
from layerscope.report.json_parts import build_image, head_document
from layerscope.report.json_text import encode_json
from layerscope.report.json_v1 import GapV1
from layerscope.report.places import tell_reference
from layerscope.report.plan_json import build_dockerfile, build_plan
from layerscope.report.plan_words import list_layer_edits, tell_layer_edits, tell_nothing, tell_remarks, tell_sum
from layerscope.report.terminal.page import Page
from layerscope.report.terminal.slashed import Slashed
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.wording import tell_count, tell_size

MARGIN = 3
"""Columns of the numbers."""


def render_plan_text(
    result: AuditResult, proposal: Proposal, context: RenderContext, dockerfile: DockerfileProposal | None = None
) -> str:
    """The steps by number, their sum, what is not in them, and what is changed in the Dockerfile if there is one."""
    page, plan = Page(context), proposal.plan
    page.add_line((escape_line(tell_reference(result.image.reference)), "path"))
    for step, number in zip(plan.steps, range(1, len(plan.steps) + 1), strict=True):
        page.add_blank()
        _draw_step(page, number, step)
    page.add_blank()
    page.add(Slashed(Text(tell_sum(result, plan) if plan.steps else tell_nothing(proposal), "heading")))
    for remark in tell_remarks(result, proposal):
        page.add(Slashed(Text(remark, "doubt")))
    _draw_layer_edits(page, plan)
    _draw_left_out(page, plan)
    _draw_uncured(page, plan.uncured)
    if dockerfile is not None:
        draw_dockerfile(page, dockerfile)
    return page.read()


def render_plan_json(result: AuditResult, proposal: Proposal, dockerfile: DockerfileProposal | None = None) -> str:
    """The image, the plan, and what has no fix, under the keys of the report."""
    return encode_json(
        {
            **head_document(),
            "image": build_image(result.image, result.layers, result.base),
            "intact": result.is_intact,
            "plan": build_plan(proposal.plan, dockerfile),
            "withheld": proposal.withheld,
            "uncured": [build_finding(finding, result) for finding in proposal.plan.uncured],
            "dockerfile": None if dockerfile is None else build_dockerfile(dockerfile),
            "gaps": [GapV1(gap.what, gap.where, gap.why) for gap in sorted(result.gaps)],
        }
    )


def _draw_step(page: Page, number: int, step: PlannedFix) -> None:
    """Title, kind and reason of a step, then its lines, then what would do as well."""
    text = Text.assemble((escape_text(step.fix.title), "heading"))
    text.append(f"\n{step.fix.kind}, {step.fix.safety}; removes ", "muted")
    text.append(" ".join(step.removes), str(step.severity))
    if step.saves:
        text.append(f", saves {tell_size(step.saves)}", "kept")
    text.append(f"\n{escape_text(step.reason)}")
    if len(step.findings) > 1:
        text.append(f" (and {tell_count(len(step.findings) - 1, 'more finding')})", "muted")
    _draw_item(page, f"{number}.", text)
    _draw_lines(page, step.fix)
    for fix in step.alternatives:
        told = Text.assemble(("Or: ", "muted"), (escape_text(fix.title), "heading"))
        _draw_item(page, "", told.append(f" ({fix.kind}, {fix.safety})", "muted"))
        _draw_lines(page, fix)


def _draw_lines(page: Page, fix: Fix) -> None:
    """The lines of a fix; those of layer edits are alike, and are told once below the sum."""
    for line in fix.steps if fix.kind is not FixKind.LAYER_EDIT else ():
        _draw_item(page, page.symbols.arrow, Text(escape_text(line), "command"), width=MARGIN + 2)


def _draw_item(page: Page, mark: str, text: Text, *, width: int = MARGIN) -> None:
    """A text with a mark in the margin before it."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(justify="right", style="heading", no_wrap=True, min_width=width)
    grid.add_column()
    grid.add_row(mark, Slashed(text))
    page.add(grid)


def _draw_layer_edits(page: Page, plan: Plan) -> None:
    """What makes the edits of layers, each command once."""
    for command, numbers in list_layer_edits(plan).items():
        page.add_blank()
        page.add(Slashed(Text(tell_layer_edits(numbers))))
        page.add_command(escape_text(command), "")


def _draw_left_out(page: Page, plan: Plan) -> None:
    """What no step does, since another one does it or excludes it."""
    if not plan.left_out:
        return
    page.add_heading("Left out")
    numbers = {step.fix: number for number, step in enumerate(plan.steps, start=1)}
    for each in plan.left_out:
        _draw_item(page, page.symbols.dash, _tell_left_out(each, numbers[each.instead]))


def _tell_left_out(each: LeftOut, number: int) -> Text:
    text = Text.assemble((f"{' '.join(each.codes)} ", "muted"), (escape_text(each.fix.title), "heading"))
    verdict = f"step {number} does it" if each.is_cured else f"not beside step {number}"
    return text.append(f"\n{verdict}: {each.reason}")


def _draw_uncured(page: Page, findings: tuple[Finding, ...]) -> None:
    if not findings:
        return
    page.add_heading("Found, and no fix known")
    for finding in findings:
        text = Text.assemble((finding.code, str(finding.severity)), f" {escape_text(finding.message)}")
        _draw_item(page, page.symbols.dash, text)
