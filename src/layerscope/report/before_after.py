"""Two images compared, before and after a fix: their sizes, counts and findings, as every such report tells them."""

from typing import Protocol

from layerscope.audit.result import AuditResult
from layerscope.diff.findings import Graver
from layerscope.report.escape import escape_text
from layerscope.report.markdown import write_prose
from layerscope.report.terminal.finding_list import draw_finding
from layerscope.report.terminal.page import Page, start_table
from layerscope.rules.finding import Finding
from layerscope.rules.wording import tell_size


class BeforeAfter(Protocol):
    """A fix that was applied: the image as it was, and as it is now."""

    @property
    def before(self) -> AuditResult:
        """The audit of the image as it was."""

    @property
    def after(self) -> AuditResult:
        """The audit of the new one."""


def draw_comparison(page: Page, applied: BeforeAfter) -> None:
    """The table of sizes and counts."""
    page.add_blank()
    table = start_table()
    for name in ("", "before", "after", "less"):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    for label, before, after in list_sizes(applied):
        table.add_row(label, tell_size(before), tell_size(after), tell_size(before - after) if before > after else "")
    for label, before, after in list_counts(applied):
        table.add_row(label, f"{before:,}", f"{after:,}", f"{before - after:,}" if before > after else "")
    page.add(table)


def list_sizes(applied: BeforeAfter) -> list[tuple[str, int, int]]:
    """Bytes before and after: of the blobs, of the layers' contents, and of what a container sees."""
    return [
        ("stored", _sum_stored(applied.before), _sum_stored(applied.after)),
        ("content", applied.before.weight.total, applied.after.weight.total),
        ("visible", applied.before.weight.visible, applied.after.weight.visible),
    ]


def list_counts(applied: BeforeAfter) -> list[tuple[str, int, int]]:
    """Layers and findings, before and after."""
    before, after = applied.before, applied.after
    return [
        ("layers", len(before.layers), len(after.layers)),
        ("findings", len(before.findings), len(after.findings)),
    ]


def draw_findings(page: Page, title: str, findings: tuple[Finding, ...], style: str) -> None:
    """A list of findings under its heading, if there are any."""
    if not findings:
        return
    page.add_heading(title)
    for finding in findings:
        page.add_line((f"{finding.code} ", style), escape_text(finding.message), indent=1)


def draw_new_findings(
    page: Page, after: AuditResult, findings: tuple[Finding, ...], graver: tuple[Graver, ...]
) -> None:
    """The findings that the new image alone has, or has worse, each in full: nobody has read of them before."""
    if findings:
        page.add_heading(_title(graver))
    for finding in findings:
        draw_finding(page, after, finding, has_steps=True)
    for each in graver:
        page.add_line((f"{each.finding.code} ", "bad"), f"is not new, but graver: {each.severities}", indent=1)


def write_new_findings(findings: tuple[Finding, ...], graver: tuple[Graver, ...]) -> list[str]:
    """The same in Markdown."""
    lines: list[str] = []
    for finding in findings:
        lines.append(f"- {finding.code}: {write_prose(finding.message)}")
        for fix in finding.fixes:
            lines.append(f"  - {write_prose(fix.title)}")
            lines += [f"    - {write_prose(step)}" for step in fix.steps]
    lines += [f"- {each.finding.code} is not new, but graver: {each.severities}" for each in graver]
    return ["", f"## {_title(graver)}", "", *lines] if lines else []


def _title(graver: tuple[Graver, ...]) -> str:
    return "New or graver findings" if graver else "New findings"


def write_findings(title: str, findings: tuple[Finding, ...]) -> list[str]:
    """The same in Markdown."""
    told = [f"- {finding.code}: {write_prose(finding.message)}" for finding in findings]
    return ["", f"## {title}", "", *told] if told else []


def _sum_stored(result: AuditResult) -> int:
    return sum(layer.size or 0 for layer in result.layers)
