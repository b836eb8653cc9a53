"""A check as JUnit: a suite for each image, a case for each clause of the policy, so that what is kept shows as well.

A clause is a limit, a change that is forbidden, a rule or family with a level of its own, or the severity for all
others. What the time did not suffice for is skipped, by name, as GitLab and Jenkins show it beside the exit code. Why
an image could not be had is told once, by the case of the image, which is an error; its clauses are skipped.
"""

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from layerscope.audit.result import INTEGRITY_CODES
from layerscope.gate.policy import Policy
from layerscope.gate.rule_levels import NEVER, RuleLevels
from layerscope.gate.verdict import Disposition, ImageVerdict, JudgedFinding, State
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text, shorten
from layerscope.report.finding_words import describe_finding, tell_message
from layerscope.report.gate import words
from layerscope.report.gate.words import GateReport
from layerscope.report.junit_format import NAME_LIMIT, write_suites
from layerscope.report.places import tell_reference
from layerscope.rules.finding import Finding
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count

FINDINGS_LIMIT: Final = 200
"""Findings that the text of one case holds; GitLab takes files of up to 30 MB."""

_IMAGE: Final = "the image can be checked"
_POLICY: Final = "layerscope.policy"
_SHOWN_PATHS: Final = 20
_HINDERED: Final = {
    State.ABSENT: "could not be had",
    State.DAMAGED: "is damaged",
    State.UNFINISHED: "could not be read whole",
}
"""Why no clause that compares was judged; the image's own case says it at length."""
_PASSING: Final = {
    Disposition.WARNS: "warned of",
    Disposition.KNOWN: "accepted earlier",
    Disposition.SUPPRESSED: "suppressed",
}


def render_check_junit(report: GateReport, _context: RenderContext) -> str:
    """The suites; the last is for the policy itself, where there is something to say of it."""
    return write_suites(_iter_suites(report))


def _iter_suites(report: GateReport) -> Iterator[tuple[str, Sequence[ET.Element]]]:
    seen: Counter[str] = Counter()
    for verdict in report.outcome.verdicts:
        name = _name_suite(verdict)
        seen[name] += 1
        name = f"{name} ({seen[name]})" if seen[name] > 1 else name
        yield name, [_make_image_case(name, verdict), *_iter_clauses(name, report, verdict)]
    cases = list(_iter_policy(report))
    if cases:
        yield _POLICY, cases


def _name_suite(verdict: ImageVerdict) -> str:
    """The image, with the platform that was checked where it has several."""
    several = verdict.subject is not None and verdict.subject.platforms
    platform = f" ({verdict.subject.platform})" if verdict.subject is not None and several else ""
    return _cut(f"{tell_reference(verdict.name)}{platform}")


def _make_case(suite: str, name: str) -> ET.Element:
    return ET.Element("testcase", classname=suite, name=_cut(name), time="0")


def _cut(text: str) -> str:
    return shorten(escape_line(text), NAME_LIMIT, ellipsis="…") or "-"


def _add(case: ET.Element, outcome: str, message: str, text: str = "", *, kind: str | None = None) -> ET.Element:
    """Give a case an outcome."""
    told = escape_line(message)
    element = ET.SubElement(case, outcome, message=told)
    if kind is not None:
        element.set("type", kind)
    element.text = text or told
    return case


def _make_image_case(suite: str, verdict: ImageVerdict) -> ET.Element:
    """Whether there is an image that can be judged."""
    case = _make_case(suite, _IMAGE)
    told = verdict.trouble or words.tell_verdict(verdict)
    if verdict.state is State.SKIPPED or verdict.is_out_of_time:
        return _add(case, "skipped", told)
    if verdict.trouble or verdict.state is State.DAMAGED:
        damage = [judged for judged in verdict.findings if judged.finding.code in INTEGRITY_CODES]
        return _add(case, "error", told, _tell_findings(damage, verdict), kind=verdict.state.value)
    if words.is_from_afar(verdict):
        ET.SubElement(case, "system-out").text = words.FROM_AFAR
    return case


def _iter_clauses(suite: str, report: GateReport, verdict: ImageVerdict) -> Iterator[ET.Element]:
    policy = verdict.policy
    if policy is None:  # of a Dockerfile that no image is built from
        broken = dict.fromkeys(breach.limit for breach in verdict.breaches)
        yield from (_make_limit_case(suite, clause, verdict, report) for clause in broken)
        return
    if verdict.subject is None:
        why = f"not checked: the image {words.tell_verdict(verdict)}"
        yield from (_add(_make_case(suite, name), "skipped", why) for name in _list_clauses(verdict, policy))
        return
    for clause in _list_limits(verdict, policy):
        yield _make_limit_case(suite, clause, verdict, report)
    for clause, name in _list_levels(policy.levels).items():
        yield _make_level_case(
            suite, name, [each for each in verdict.findings if _find_clause(each, policy) == clause], verdict
        )


def _list_clauses(verdict: ImageVerdict, policy: Policy) -> list[str]:
    return [*_list_limits(verdict, policy), *_list_levels(policy.levels).values()]


def _list_limits(verdict: ImageVerdict, policy: Policy) -> list[str]:
    """The clauses of all limits, without the verdict on GPUs where nobody asked about one."""
    broken = [breach.limit for breach in verdict.breaches]
    measured = {measure.limit for measure in verdict.measures} | set(broken)
    clauses = [
        clause
        for limit in policy.limits.values()
        for clause in limit.clauses
        if clause in measured or limit.default is None or (verdict.subject is None and policy.asks_about_gpus)
    ]
    # What no limit demands is broken as well where an image is not what its Dockerfile builds.
    return list(dict.fromkeys([*clauses, *broken]))


def _list_levels(levels: RuleLevels) -> dict[str, str]:
    """The clauses on findings by key, each with its name."""
    own = {**levels.rules, **levels.families}
    severity = NEVER if levels.fail_on is None else str(levels.fail_on)
    return {**{key: f"rules.{key} = {level}" for key, level in own.items()}, "": f"fail-on = {severity}"}


def _find_clause(judged: JudgedFinding, policy: Policy) -> str | None:
    """The clause that decides about a finding; None for damage, which no clause does."""
    code = judged.finding.code
    if code in INTEGRITY_CODES:
        return None
    family = code.rstrip("0123456789")
    return code if code in policy.levels.rules else family if family in policy.levels.families else ""


def _make_limit_case(suite: str, clause: str, verdict: ImageVerdict, report: GateReport) -> ET.Element:
    case = _make_case(suite, clause)
    breaches = [breach for breach in words.iter_breaches(verdict) if breach.limit == clause]
    demanded = report.places.find_limit(verdict.name, clause)
    place = report.find_breach(verdict, breaches[0]) if breaches else demanded
    if place is not None:
        case.set("file", escape_text(place.path))
        case.set("line", str(place.line))
    if breaches:
        parts = [part for each in breaches for part in (each.message, each.detail, each.remedy) if part]
        return _add(case, "failure", breaches[0].message, "\n".join(map(escape_line, parts)), kind="limit")
    measured = [measure for measure in verdict.measures if measure.limit == clause]
    if not measured and verdict.hindrance is not None:
        return _add(case, "skipped", f"not compared: the image to compare with {_HINDERED[verdict.hindrance.state]}")
    lines = [f"{each.about}: {each.found}" if each.about else each.found for each in measured]
    if lines:
        told = [f"{line}, allowed: {each.allowed}" for line, each in zip(lines, measured, strict=True)]
        ET.SubElement(case, "system-out").text = "\n".join(map(escape_line, told))
    return case


def _make_level_case(suite: str, name: str, findings: Sequence[JudgedFinding], verdict: ImageVerdict) -> ET.Element:
    """A clause on findings, with those that break it; what does not count is told, with why."""
    case = _make_case(suite, name)
    failing = [each for each in findings if each.disposition is Disposition.FAILS]
    if failing:
        more = f" and {tell_count(len(failing) - 1, 'more finding')}" if len(failing) > 1 else ""
        worst: Severity = max(each.finding.severity for each in failing)
        message = f"{_name(failing[0].finding)}{more}"
        _add(case, "failure", message, _tell_findings(failing, verdict), kind=str(worst))
    passing = [each for each in findings if each.disposition in _PASSING]
    if passing:
        lines = [_tell_passing(each) for each in passing[:FINDINGS_LIMIT]]
        lines += [f"and {tell_count(len(passing) - FINDINGS_LIMIT, 'more finding')}"] * (len(passing) > FINDINGS_LIMIT)
        ET.SubElement(case, "system-out").text = "\n".join(map(escape_line, lines))
    return case


def _name(finding: Finding) -> str:
    return f"{finding.code} {finding.rule}: {tell_message(finding)}"


def _tell_passing(judged: JudgedFinding) -> str:
    suppression = judged.suppression
    until = f" until {suppression.expires}" if suppression is not None and suppression.expires is not None else ""
    why = f"{until}: {suppression.reason}" if suppression is not None else ""
    return f"{_name(judged.finding)} ({_PASSING[judged.disposition]}{why})"


def _tell_findings(findings: Sequence[JudgedFinding], verdict: ImageVerdict) -> str:
    if verdict.subject is None:
        return ""
    blocks = []
    for judged in findings[:FINDINGS_LIMIT]:
        lines = describe_finding(judged.finding, verdict.subject.result, shown=_SHOWN_PATHS)
        head = f"{judged.finding.code} {judged.finding.rule} ({words.tell_severity(judged)})"
        blocks.append("\n".join([f"{head}: {lines[0]}", *lines[1:]]))
    if len(findings) > FINDINGS_LIMIT:
        blocks.append(f"and {tell_count(len(findings) - FINDINGS_LIMIT, 'more finding')}")
    return "\n\n".join(blocks)


def _iter_policy(report: GateReport) -> Iterator[ET.Element]:
    """What is to be done about the policy itself."""
    outcome = report.outcome
    for suppression in outcome.expired:
        case = _make_case(_POLICY, f"{suppression.place} has not expired")
        yield _add(case, "failure", words.tell_expired(suppression), kind="expired")
    notes = [words.tell_unused(each, outcome) for each in outcome.unused] + (
        [words.tell_gone(outcome)] if outcome.gone else []
    )
    for number, note in enumerate(notes, start=1):
        case = _make_case(_POLICY, f"what can go ({number})")
        ET.SubElement(case, "system-out").text = escape_line(note)
        yield case
