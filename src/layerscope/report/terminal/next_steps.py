"""The next steps: a handful of changes and commands, in order of effect."""

import shlex

from rich.table import Table
from rich.text import Text

from layerscope.audit.result import AuditResult
from layerscope.fixes.plan import PlannedFix, plan_fixes
from layerscope.report.escape import escape_text
from layerscope.report.terminal.page import Page
from layerscope.report.terminal.slashed import Slashed
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.order import order_findings
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_size
from layerscope.sources.streams import is_passing

LEAD = 4
"""Columns before a command: its margin and the prompt."""

SHOWN = 5
"""What a person does before looking again."""

SHOWN_LINES = 3
"""Lines of one step, if there are more than one besides and the findings are limited; the JSON report holds all."""


def draw_next_steps(page: Page, result: AuditResult) -> None:
    """Draw the changes with the most effect, then the commands that tell more."""
    findings = order_findings(result.findings)
    planned = plan_fixes(findings, base_layers=result.base_layers).steps
    commands = _suggest_commands(page, result, steps=len(planned))
    if not planned and not commands:
        return
    page.add_heading("Next steps")
    steps = Table.grid(padding=(0, 1, 0, 0))
    steps.add_column(justify="right", style="heading", no_wrap=True)
    steps.add_column()
    for number, step in enumerate(planned[:SHOWN], start=1):
        steps.add_row(f"{number}.", Slashed(_describe(page, step)))
    if planned:
        page.add(steps, indent=1)
    for command, purpose in commands:
        fits = len(command) + len(purpose) + LEAD + 2 <= page.width
        page.add_command(command, purpose if fits else "")


def _describe(page: Page, step: PlannedFix) -> Text:
    text = Text.assemble((f"{' '.join(step.removes)} ", "muted"), (escape_text(step.fix.title), "heading"))
    if step.saves:
        text.append(f" {page.symbols.dash} saves {tell_size(step.saves)}", "kept")
    _add_lines(page, text, step.fix)
    for fix in (other for other in step.alternatives if other.kind is not FixKind.LAYER_EDIT):
        text.append("\nor ", "muted").append(escape_text(fix.title), "heading")
        _add_lines(page, text, fix)
    return text


def _add_lines(page: Page, text: Text, fix: Fix) -> None:
    """The lines of a fix below its title."""
    lines = fix.steps
    shown = lines if len(lines) <= SHOWN_LINES + 1 or page.context.limit is None else lines[:SHOWN_LINES]
    for line in shown:
        text.append(f"\n{escape_text(line)}")
    if len(shown) < len(lines):
        more = len(lines) - len(shown)
        text.append(f"\n{page.symbols.ellipsis} {more} more lines (--limit 0 shows all)", "muted")


def _suggest_commands(page: Page, result: AuditResult, *, steps: int) -> list[tuple[str, str]]:
    """Commands that tell all steps, and look closer at the worst finding and its layer, or the most wasteful one."""
    commands = []
    if steps > SHOWN and _is_plain(result.image.reference):
        commands.append((f"layerscope fix {shlex.quote(result.image.reference)}", f"all {steps} steps"))
    findings = order_findings(result.findings)
    if findings:
        commands.append((f"layerscope rules explain {findings[0].code}", "why it matters, and the remedy"))
    layer, is_waste = _choose_layer(result, findings)
    if layer is not None and _is_plain(result.image.reference):
        command = f"layerscope tree {shlex.quote(result.image.reference)} --layer {layer}"
        by_size = f"{command} --sort size"
        fits = len(command) > page.width - LEAD or len(by_size) <= page.width - LEAD
        commands.append((by_size if is_waste and fits else command, "what that layer holds"))
    return commands


def _choose_layer(result: AuditResult, findings: list[Finding]) -> tuple[int | None, bool]:
    """The layer to look at, and whether for its waste: that of a grave finding that is about something else.

    One of which nothing could be read, as a foreign one, has nothing to look at.
    """
    worst = findings[0] if findings else None
    if worst is not None and worst.severity >= Severity.MEDIUM and not worst.wasted:
        layer = next((place.layer for place in worst.locations if place.layer is not None), None)
        if layer is not None:
            unseen = {each.index for each in result.layers if each.scan is None or not each.scan.index.paths}
            return (None if layer in unseen else layer), False
    wasted = [weight.wasted for weight in result.weight.layers]
    return (wasted.index(max(wasted)), True) if any(wasted) else (None, False)


def _is_plain(reference: str) -> bool:
    """Whether a reference may stand in a command that a person will copy; what came through a pipe is gone."""
    is_printable = bool(reference) and reference.isprintable()
    return is_printable and not is_passing(reference) and not reference.startswith("-")
