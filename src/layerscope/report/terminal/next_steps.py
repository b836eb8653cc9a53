"""The next steps: a handful of changes and commands, in order of effect."""

import shlex

from rich.table import Table
from rich.text import Text

from layerscope.audit.result import AuditResult
from layerscope.report.escape import escape_text
from layerscope.report.order import order_findings
from layerscope.report.plan import PlannedFix, plan_fixes
from layerscope.report.terminal.page import Page
from layerscope.rules.fix import Fix
from layerscope.rules.wording import tell_size

SHOWN = 5
"""What a person does before looking again."""

SHOWN_LINES = 3
"""Lines of one step, if there are more than one besides and the findings are limited; the JSON report holds all."""


def draw_next_steps(page: Page, result: AuditResult) -> None:
    """Draw the changes with the most effect, then the commands that tell more."""
    findings = order_findings(result.findings)
    planned = plan_fixes(findings)
    commands = _suggest_commands(result)
    if not planned and not commands:
        return
    page.add_heading("Next steps")
    steps = Table.grid(padding=(0, 1, 0, 0))
    steps.add_column(justify="right", style="heading", no_wrap=True)
    steps.add_column(overflow="fold")
    for number, step in enumerate(planned[:SHOWN], start=1):
        steps.add_row(f"{number}.", _describe(page, step))
    if planned:
        page.add(steps, indent=1)
    for command, purpose in commands:
        fits = len(command) + len(purpose) + 6 <= page.width
        page.add_command(command, purpose if fits else "")


def _describe(page: Page, step: PlannedFix) -> Text:
    text = Text.assemble((f"{' '.join(step.removes)} ", "muted"), (escape_text(step.fix.title), "heading"))
    if step.saves:
        text.append(f" {page.symbols.dash} saves {tell_size(step.saves)}", "kept")
    _add_lines(page, text, step.fix)
    for fix in step.alternatives:
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


def _suggest_commands(result: AuditResult) -> list[tuple[str, str]]:
    """Commands that look closer at the worst finding and the most wasteful layer."""
    commands = []
    findings = order_findings(result.findings)
    if findings:
        commands.append((f"layerscope rules explain {findings[0].code}", "why it matters, and the remedy"))
    wasted = [weight.wasted for weight in result.weight.layers]
    if any(wasted) and _is_plain(result.image.reference):
        image = shlex.quote(result.image.reference)
        layer = wasted.index(max(wasted))
        commands.append((f"layerscope tree {image} --layer {layer} --sort size", "what that layer holds"))
    return commands


def _is_plain(reference: str) -> bool:
    """Whether a reference may stand in a command that a person will copy."""
    return reference.isprintable() and reference not in {"", "-"} and not reference.startswith("-")
