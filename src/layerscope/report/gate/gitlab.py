"""A check in GitLab's code quality format: what breaks the policy and what is warned of, each with a file and a line.

The format knows no suppressions and no baseline, so what is suppressed or was accepted earlier is not in it.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from layerscope.gate.verdict import Disposition, ImageVerdict, JudgedFinding
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text
from layerscope.report.finding_words import CONFIG_FILE, find_place, list_layers, tell_message
from layerscope.report.fingerprint import Fingerprint
from layerscope.report.gate.policy_points import Fingerprints, PolicyPoint, iter_points, list_counted
from layerscope.report.gate.words import GateReport
from layerscope.report.gitlab_format import SEVERITIES
from layerscope.report.json_text import encode_json
from layerscope.report.places import tell_reference, unroot_path
from layerscope.rules.severity import Severity

Issue = dict[str, object]

_LEVELS: Final = {"error": SEVERITIES[Severity.HIGH], "warning": SEVERITIES[Severity.LOW]}


def render_check_gitlab(report: GateReport, context: RenderContext) -> str:
    """The issues; an empty list where there is nothing to say."""
    return encode_json(list(_iter_issues(report, context)))


def _iter_issues(report: GateReport, context: RenderContext) -> Iterator[Issue]:
    marks = Fingerprints()
    yield from map(_build_point, iter_points(report, marks))
    for verdict in report.outcome.verdicts:
        own = replace(context, source=report.lines.get(verdict.name))
        for judged in list_counted(verdict, Disposition.FAILS, Disposition.WARNS):
            yield _build_finding(judged, verdict, own, marks.make(verdict, judged.fingerprint))


def _build_point(point: PolicyPoint) -> Issue:
    path, line = (point.place.path, point.place.line) if point.place is not None else (CONFIG_FILE, 1)
    return {
        "description": "; ".join(map(escape_line, point.told)),
        "check_name": point.rule,
        "fingerprint": point.fingerprint.text,
        "severity": _LEVELS[point.level],
        "location": {"path": escape_text(unroot_path(path)), "lines": {"begin": line}},
    }


def _build_finding(
    judged: JudgedFinding, verdict: ImageVerdict, context: RenderContext, fingerprint: Fingerprint
) -> Issue:
    """What fails keeps its severity; what is only warned of is no more than minor."""
    assert verdict.subject is not None, "a finding comes from an image that was audited"
    finding, place = judged.finding, find_place(judged.finding, context)
    layers = "; ".join(list_layers(finding, verdict.subject.result))
    told = f"{escape_line(tell_reference(verdict.name))}: {finding.code}: {tell_message(finding)}"
    is_failing = judged.disposition is Disposition.FAILS
    return {
        "description": f"{told}{f' ({layers})' if layers else ''}",
        "check_name": finding.rule,
        "fingerprint": fingerprint.text,
        "severity": SEVERITIES[finding.severity if is_failing else min(finding.severity, Severity.LOW)],
        "location": {"path": escape_text(place.path), "lines": {"begin": place.lines.first}},
    }
