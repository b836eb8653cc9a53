"""The JUnit format: a suite for each family of rules, a test case for each finding, as Jenkins and GitLab show them.

GitLab compares two reports by the names of their cases, of which equal ones count once, and shows the class name as
the suite (https://docs.gitlab.com/ci/testing/unit_test_reports/); so the names hold no size and no number of a layer.
Jenkins takes a report without any case for a failure: a family in which nothing was found has one case that passes.
"""

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from layerscope.audit.result import AuditResult
from layerscope.diff.findings import tell_apart
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text, shorten
from layerscope.report.finding_words import (
    FAMILY_NAMES,
    describe_finding,
    find_family,
    find_place,
    is_failing,
    tell_message,
)
from layerscope.report.format import Format
from layerscope.report.places import root_path
from layerscope.rules.finding import Finding
from layerscope.rules.order import order_findings
from layerscope.rules.wording import tell_count

CASES_LIMIT: Final = 10_000
"""Findings and gaps that get a case, the worst first; GitLab takes files of up to 30 MB."""

NAME_LIMIT: Final = 250
"""Characters of a case's name."""

PROBE: Final = "probe"
OTHERS: Final = "other"
GAPS: Final = "gaps"
_SHOWN_PATHS: Final = 20
_COUNTED: Final = {"failures": "failure", "errors": "error", "skipped": "skipped"}


class JunitFormat(Format):
    """For what shows the results of tests; what XML cannot hold is written out before it gets there."""

    name = "junit"
    suffix = ".xml"

    def render(self, result: AuditResult, context: RenderContext) -> str:
        """Return the suites; what fails the audit fails, and what lies below the threshold passes and is told."""
        return write_suites((f"layerscope.{name}", cases) for name, cases in _iter_suites(result, context))


def write_suites(suites: Iterable[tuple[str, Sequence[ET.Element]]]) -> str:
    """The file of suites by name with their cases, all counted."""
    root = ET.Element("testsuites", name="layerscope")
    for name, cases in suites:
        suite = ET.SubElement(root, "testsuite", name=name)
        suite.extend(cases)
        _count(suite)
    _count(root)
    ET.indent(root)
    # in ASCII, which is UTF-8 as well: what writes it may know no other encoding
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="us-ascii").decode()}\n'


def _iter_suites(result: AuditResult, context: RenderContext) -> Iterator[tuple[str, Sequence[ET.Element]]]:
    """Every family that was checked, then what could not be read, then what is too much for a report."""
    found = order_findings(result.findings)
    told: dict[str, list[Finding]] = {name: [] for name in FAMILY_NAMES.values()}
    for finding in found[:CASES_LIMIT]:
        told.setdefault(find_family(finding.code), []).append(finding)
    for family, findings in told.items():
        cases = _make_cases(family, findings, result, context)
        if family == PROBE and result.probed is not None and not result.probed.is_proof:
            cases.append(_make_unproved(result.probed.refusal))
        if not cases and family == PROBE and result.probed is None:
            continue
        yield family, cases or [_make_case(family, "no findings")]
    gaps = [_make_skipped(f"{gap.what} ({gap.where})", gap.why) for gap in sorted(result.gaps)[:CASES_LIMIT]]
    left_out = max(len(found) - CASES_LIMIT, 0) + max(len(result.gaps) - CASES_LIMIT, 0)
    if left_out:
        gaps.append(_make_skipped("the rest of the report", f"{tell_count(left_out, 'more case')} left out"))
    if gaps:
        yield GAPS, gaps


def _make_cases(
    family: str, findings: Sequence[Finding], result: AuditResult, context: RenderContext
) -> list[ET.Element]:
    seen: Counter[str] = Counter()
    cases = []
    for finding in findings:
        name = _name_case(finding)
        seen[name] += 1
        number = f" ({seen[name]})" if seen[name] > 1 else ""
        case = _make_case(family, f"{name}{number}")
        place = find_place(finding, context)
        if place.is_source:
            case.set("file", escape_text(place.path))
            case.set("line", str(place.lines.first))
        text = "\n".join(describe_finding(finding, result, shown=_SHOWN_PATHS))
        if is_failing(finding, context):
            failure = ET.SubElement(case, "failure", message=tell_message(finding), type=str(finding.severity))
            failure.text = text
        else:
            ET.SubElement(case, "system-out").text = f"{finding.severity}: {text}"
        cases.append(case)
    return cases


def _name_case(finding: Finding) -> str:
    """The rule, and the first path or the message without its numbers: the same in the next version of the image."""
    _, paths, message = tell_apart(finding)
    path = min((path for path in paths if path), default=None)
    about = root_path(path) if path is not None else message
    name = f"{finding.code} {finding.rule}: {escape_line(about)}" if about else f"{finding.code} {finding.rule}"
    return shorten(name, NAME_LIMIT, ellipsis="…")


def _make_case(family: str, name: str) -> ET.Element:
    return ET.Element("testcase", classname=f"layerscope.{family}", name=name, time="0")


def _make_skipped(name: str, reason: str) -> ET.Element:
    case = _make_case(GAPS, shorten(escape_line(name), NAME_LIMIT, ellipsis="…"))
    told = escape_line(reason)
    ET.SubElement(case, "skipped", message=told).text = told
    return case


def _make_unproved(refusal: str) -> ET.Element:
    """A probe that was asked for and proves nothing is an error, not a pass."""
    case = _make_case(PROBE, "the probe proves something")
    told = escape_line(refusal) or "it generated nothing, or not where it was to"
    ET.SubElement(case, "error", message=told, type=PROBE).text = told
    return case


def _count(element: ET.Element) -> None:
    """Write down how many cases there are below, and how many of each outcome."""
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    for name, outcome in _COUNTED.items():
        element.set(name, str(sum(case.find(outcome) is not None for case in cases)))
    element.set("time", "0")
