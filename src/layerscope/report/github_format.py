"""The format of GitHub's annotations: workflow commands, which a runner reads from the output of a step.

A command is `::error file=…,line=…,title=…::message`, its data escaped as GitHub's own toolkit does it:
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands and
https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from layerscope.audit.result import AuditResult
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text, shorten
from layerscope.report.finding_words import describe_finding, find_place, is_failing
from layerscope.report.format import Format
from layerscope.report.places import tell_reference
from layerscope.rules.finding import Finding
from layerscope.rules.order import order_findings
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count, tell_list

LevelName = Literal["error", "warning", "notice"]

SHOWN: Final = 10
"""Annotations of each level that GitHub shows of one step, and 50 of a job; what is beyond is dropped in silence:
https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md#limitations
"""

MESSAGE_LIMIT: Final = 4_000
"""Characters of one message; GitHub cuts an annotation at 64 KB."""

_SHOWN_PATHS: Final = 3
_LEVELS: Final[tuple[LevelName, ...]] = ("error", "warning", "notice")


class GithubFormat(Format):
    """For a step of a workflow on GitHub: what fails the audit is an error, what is at least medium a warning."""

    name = "github"
    suffix = ".txt"

    def render(self, result: AuditResult, context: RenderContext) -> str:
        """Return one command a line, the worst findings of each level, and one that sums up the rest."""
        found = order_findings(result.findings)
        by_level: dict[LevelName, list[str]] = {level: [] for level in _LEVELS}
        for finding in found:
            level = choose_level(finding, context)
            by_level[level].append(_write_finding(level, finding, result, context))
        by_level["error"] = [*_iter_failures(result), *by_level["error"]]
        by_level["warning"] = [*_iter_gaps(result), *by_level["warning"]]
        if not any(by_level.values()):
            about = f"Nothing was found in {escape_line(tell_reference(result.image.reference))}"
            by_level["notice"].append(write_command("notice", {"title": "layerscope"}, about))
        lines = [line for level, commands in by_level.items() for line in cut_commands(level, commands)]
        return "".join(f"{line}\n" for line in lines)


def choose_level(finding: Finding, context: RenderContext) -> LevelName:
    """An error where the finding fails the audit; below, a warning from medium on."""
    if is_failing(finding, context):
        return "error"
    return "warning" if finding.severity >= Severity.MEDIUM else "notice"


def write_command(level: LevelName, properties: dict[str, str], message: str) -> str:
    """A workflow command; nothing in it can end it or begin another one."""
    told = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items())
    return f"::{level} {told}::{_escape_data(message)}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(escape_line(text)).replace(":", "%3A").replace(",", "%2C")


def _write_finding(level: LevelName, finding: Finding, result: AuditResult, context: RenderContext) -> str:
    place = find_place(finding, context)
    properties = {"title": f"{finding.code} {finding.rule} ({finding.severity})"}
    if place.is_source:
        lines = {"line": str(place.lines.first), "endLine": str(place.lines.last)}
        properties = {"file": escape_text(place.path), **lines, **properties}
    message = "\n".join(describe_finding(finding, result, shown=_SHOWN_PATHS))
    return write_command(level, properties, shorten(message, MESSAGE_LIMIT, ellipsis="…"))


def _iter_failures(result: AuditResult) -> Iterator[str]:
    """A probe that was asked for and did not run."""
    if result.probed is not None and result.probed.refusal:
        message = f"The probe could not run: {escape_line(result.probed.refusal)}"
        yield write_command("error", {"title": "layerscope"}, shorten(message, MESSAGE_LIMIT, ellipsis="…"))


def _iter_gaps(result: AuditResult) -> Iterator[str]:
    """One warning for all that could not be read."""
    if result.gaps:
        parts = (f"{escape_line(gap.what)} ({escape_line(gap.where)})" for gap in sorted(result.gaps))
        message = f"{tell_count(len(result.gaps), 'part')} could not be read: {tell_list(parts)}"
        yield write_command("warning", {"title": "layerscope"}, shorten(message, MESSAGE_LIMIT, ellipsis="…"))


def cut_commands(level: LevelName, commands: Sequence[str]) -> Sequence[str]:
    """No more commands than GitHub shows, the last of them for those that are left out."""
    if len(commands) <= SHOWN:
        return commands
    more = f"{tell_count(len(commands) - SHOWN + 1, f'more {level}')}; the other reports of layerscope have them all"
    return [*commands[: SHOWN - 1], write_command(level, {"title": "layerscope"}, more)]
