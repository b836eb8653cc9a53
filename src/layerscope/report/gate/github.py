"""A check as annotations of GitHub: what breaks the policy is an error, what is warned of a warning."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from layerscope.gate.verdict import Disposition, ImageVerdict, JudgedFinding, State
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text, shorten
from layerscope.report.finding_words import describe_finding, find_place
from layerscope.report.gate import words
from layerscope.report.gate.words import GateReport
from layerscope.report.github_format import MESSAGE_LIMIT, cut_commands, write_command
from layerscope.report.places import tell_reference

_TITLE: Final = {"title": "layerscope check"}


def render_check_github(report: GateReport, context: RenderContext) -> str:
    """One command a line, no more of a level than GitHub shows."""
    errors = list(_iter_errors(report, context))
    warnings = list(_iter_warnings(report, context))
    notices = list(_iter_notices(report))
    if not errors and not warnings:
        notices.insert(0, write_command("notice", _TITLE, escape_line(words.tell_summary(report.outcome))))
    lines = [*cut_commands("error", errors), *cut_commands("warning", warnings), *cut_commands("notice", notices)]
    return "".join(f"{line}\n" for line in lines)


def _iter_errors(report: GateReport, context: RenderContext) -> Iterator[str]:
    for suppression in report.outcome.expired:
        yield write_command("error", _TITLE, _cut(f"Expired: {words.tell_expired(suppression)}"))
    for verdict in report.outcome.verdicts:
        name = tell_reference(verdict.name)
        if verdict.trouble and verdict.state is not State.SKIPPED:
            yield write_command("error", _TITLE, _cut(f"{name} {words.tell_verdict(verdict)}: {verdict.trouble}"))
        for breach in verdict.breaches:
            told = "; ".join(part for part in (breach.message, breach.detail, breach.remedy) if part)
            place = report.find_breach(verdict, breach)
            where = {} if place is None else {"file": escape_text(place.path), "line": str(place.line)}
            yield write_command("error", {**where, "title": f"{breach.limit} of {name}"}, _cut(told))
        for judged in verdict.select(Disposition.FAILS):
            yield _write_finding("error", report, verdict, judged, context)


def _iter_warnings(report: GateReport, context: RenderContext) -> Iterator[str]:
    for verdict in report.outcome.verdicts:
        if verdict.state is State.SKIPPED:
            told = f"{tell_reference(verdict.name)} {words.tell_verdict(verdict)}: {verdict.trouble}"
            yield write_command("warning", _TITLE, _cut(told))
        for judged in verdict.select(Disposition.WARNS):
            yield _write_finding("warning", report, verdict, judged, context)
    for suppression in report.outcome.unused:
        yield write_command("warning", _TITLE, _cut(words.tell_unused(suppression, report.outcome)))
    if report.outcome.gone:
        yield write_command("warning", _TITLE, _cut(words.tell_gone(report.outcome)))


def _iter_notices(report: GateReport) -> Iterator[str]:
    """The images that are perhaps not those that were built here."""
    for verdict in report.outcome.verdicts:
        if words.is_from_afar(verdict):
            yield write_command("notice", _TITLE, _cut(f"{tell_reference(verdict.name)} was {words.FROM_AFAR}"))


def _cut(text: str) -> str:
    return shorten(escape_line(text), MESSAGE_LIMIT, ellipsis="…")


def _write_finding(
    level: str, report: GateReport, verdict: ImageVerdict, judged: JudgedFinding, context: RenderContext
) -> str:
    finding = judged.finding
    assert verdict.subject is not None, "a finding comes from an image that was audited"
    place = find_place(finding, replace(context, source=report.lines.get(verdict.name)))
    properties = {
        "title": f"{finding.code} {finding.rule} ({words.tell_severity(judged)}) of {tell_reference(verdict.name)}"
    }
    if place.is_source:
        lines = {"line": str(place.lines.first), "endLine": str(place.lines.last)}
        properties = {"file": escape_text(place.path), **lines, **properties}
    message = "\n".join(describe_finding(finding, verdict.subject.result, shown=words.SHOWN_PATHS))
    return write_command(
        "error" if level == "error" else "warning", properties, shorten(message, MESSAGE_LIMIT, ellipsis="…")
    )
