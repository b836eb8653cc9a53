"""GitLab's code quality format: a list of findings, each with a file, a line and a fingerprint of its own.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from collections.abc import Iterator
from typing import Final

from layerscope.audit.result import AuditResult
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text
from layerscope.report.finding_words import CONFIG_FILE, find_place, list_layers, tell_message
from layerscope.report.fingerprint import Fingerprint, fingerprint_findings, hash_words
from layerscope.report.format import Format
from layerscope.report.json_text import encode_json
from layerscope.rules.finding import Finding
from layerscope.rules.order import order_findings
from layerscope.rules.severity import Severity

SEVERITIES: Final = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}


class GitlabFormat(Format):
    """For the code quality report of a merge request on GitLab."""

    name = "gitlab"
    suffix = ".json"

    def render(self, result: AuditResult, context: RenderContext) -> str:
        """Return the findings, the worst first; an empty list where there are none."""
        found = fingerprint_findings(order_findings(result.findings), result)
        issues = [_build_issue(finding, print_, result, context) for finding, print_ in found]
        return encode_json([*issues, *_iter_unknown(result)])


def _iter_unknown(result: AuditResult) -> Iterator[dict[str, object]]:
    """What could not be read, and a probe that could not run: silence would be taken for health."""
    if result.probed is not None and result.probed.refusal:
        yield _build_unknown("unfinished-probe", result.probed.refusal, "critical")
    for gap in sorted(set(result.gaps)):
        yield _build_unknown("unread-part", f"{gap.what} ({gap.where}): {gap.why}", "info")


def _build_unknown(name: str, text: str, severity: str) -> dict[str, object]:
    return {
        "description": f"Not known: {escape_line(text)}",
        "check_name": name,
        "fingerprint": hash_words(name, text),
        "severity": severity,
        "location": {"path": CONFIG_FILE, "lines": {"begin": 1}},
    }


def _build_issue(
    finding: Finding, fingerprint: Fingerprint, result: AuditResult, context: RenderContext
) -> dict[str, object]:
    place = find_place(finding, context)
    layers = "; ".join(list_layers(finding, result))
    return {
        "description": f"{finding.code}: {tell_message(finding)}{f' ({layers})' if layers else ''}",
        "check_name": finding.rule,
        "fingerprint": fingerprint.text,
        "severity": SEVERITIES[finding.severity],
        "location": {"path": escape_text(place.path), "lines": {"begin": place.lines.first}},
    }
