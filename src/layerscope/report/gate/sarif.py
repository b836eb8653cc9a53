"""A check as one run of SARIF, whatever number of images it has.

GitHub takes 20 runs of a file and refuses two of one category, and who uploads a file names one category for all of
it; so every image is an artifact of the one run, and each result tells which it is about:
https://github.blog/changelog/2025-07-21-code-scanning-will-stop-combining-multiple-sarif-runs-uploaded-in-the-same-sarif-file/
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from layerscope.gate.policy_places import FileLine
from layerscope.gate.suppression import Suppression
from layerscope.gate.verdict import Disposition, ImageVerdict, JudgedFinding, State
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text
from layerscope.report.finding_words import CONFIG_FILE
from layerscope.report.fingerprint import Fingerprint
from layerscope.report.gate import words
from layerscope.report.gate.policy_points import (
    Fingerprints,
    PolicyPoint,
    PolicyRule,
    iter_points,
    list_counted,
    list_rules,
)
from layerscope.report.gate.words import GateReport
from layerscope.report.instruction_lines import LineRange
from layerscope.report.places import tell_reference, unroot_path
from layerscope.report.sarif.log import build_driver, build_notification, write_log
from layerscope.report.sarif.results import (
    CONFIG_BASE,
    ROOT_BASE,
    SOURCE_BASE,
    WHOLE_FILE,
    ImageBases,
    build_physical,
    build_result,
    write_message,
    write_uri,
)
from layerscope.report.sarif.rules import Document, build_rules, index_rules
from layerscope.rules.wording import tell_count

_COUNTED: Final = (Disposition.FAILS, Disposition.WARNS, Disposition.KNOWN, Disposition.SUPPRESSED)
"""What is told, in that order, so that what does not count is left out first where there is too much."""

_LEVELS: Final = {Disposition.FAILS: "error", Disposition.WARNS: "warning"}
_CHECKED: Final = frozenset({State.SOUND, State.BROKEN, State.SKIPPED})


def render_check_sarif(report: GateReport, context: RenderContext) -> str:
    """The file: what breaks the policy as errors, what is warned of as warnings, what is accepted as notes."""
    return write_log(lambda limit: _build_run(report, context, limit=limit))


def _build_run(report: GateReport, context: RenderContext, *, limit: int) -> Document:
    rules, policy_rules = index_rules(), list_rules()
    numbers = {**rules, **{rule.id: len(rules) + place for place, rule in enumerate(policy_rules)}}
    results = list(_iter_results(report, context, numbers))
    left_out = max(len(results) - limit, 0)
    return {
        "tool": {"driver": build_driver([*build_rules(), *map(_build_rule, policy_rules)])},
        "automationDetails": {
            "id": "layerscope/check/",
            "description": {"text": write_message(escape_line(words.tell_summary(report.outcome)))},
        },
        "invocations": [_build_invocation(report, context, left_out)],
        "originalUriBaseIds": dict(_iter_bases(report)),
        "artifacts": [_build_artifact(verdict) for verdict in report.outcome.verdicts],
        "columnKind": "unicodeCodePoints",
        "results": results[:limit],
        "properties": {"kept": not context.exit_code, "gone": report.outcome.gone, "leftOut": left_out},
    }


def _build_rule(rule: PolicyRule) -> Document:
    return {
        "id": rule.id,
        "name": rule.id.rpartition("/")[2],
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": rule.text},
        "help": {"text": f"{rule.title}. {rule.text}\n"},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["container-image", "policy"], "precision": "high", "problem.severity": "error"},
    }


def _build_invocation(report: GateReport, context: RenderContext, left_out: int) -> Document:
    """How the check ended; an image that was not checked is no success of the run."""
    notes = []
    for verdict in report.outcome.verdicts:
        if verdict.trouble:
            level = "note" if verdict.state is State.SKIPPED else "error"
            told = f"{tell_reference(verdict.name)} {words.tell_verdict(verdict)}: {verdict.trouble}"
            notes.append((told, level))
        if words.is_from_afar(verdict):
            notes.append((f"{tell_reference(verdict.name)} was {words.FROM_AFAR}", "note"))
    if report.outcome.gone:
        notes.append((words.tell_gone(report.outcome), "note"))
    if left_out:
        notes.append((f"{tell_count(left_out, 'result')} left out: a file of SARIF can hold no more", "warning"))
    return {
        "executionSuccessful": all(verdict.state in _CHECKED for verdict in report.outcome.verdicts),
        "exitCode": context.exit_code,
        "toolExecutionNotifications": [build_notification(text, level) for text, level in notes],
    }


def _name_bases(number: int, verdict: ImageVerdict) -> ImageBases:
    """Those of an image alone, for several have the same paths."""
    name = escape_line(tell_reference(verdict.name))
    return ImageBases(f"{ROOT_BASE}-{number}", f"{CONFIG_BASE}-{number}", name)


def _iter_bases(report: GateReport) -> Iterator[tuple[str, Document]]:
    yield SOURCE_BASE, {"description": {"text": "The folder that the paths of Dockerfiles and the policy start from"}}
    for number, verdict in enumerate(report.outcome.verdicts):
        bases = _name_bases(number, verdict)
        name = write_message(bases.image)
        yield bases.root, {"description": {"text": f"The root of the file system of {name}"}}
        yield bases.config, {"description": {"text": f"The config of {name}, and the layers that it lists"}}


def _build_artifact(verdict: ImageVerdict) -> Document:
    image = verdict.subject.result.image if verdict.subject is not None else None
    counts, told = verdict.counts, f"{tell_reference(verdict.name)}: {words.tell_verdict(verdict)}"
    return {
        "location": {"uri": write_uri(verdict.name)},
        "description": {"text": write_message(escape_line(told))},
        "roles": ["analysisTarget"],
        "properties": {
            "state": verdict.state.value,
            "trouble": escape_line(verdict.trouble) or None,
            "digest": str(image.manifest_digest or image.config_digest) if image is not None else None,
            "platform": str(verdict.subject.platform) if verdict.subject is not None else None,
            "size": verdict.subject.size if verdict.subject is not None else None,
            "source": escape_line(image.source) if image is not None else None,
            "counts": {each.value: counts[each] for each in Disposition if counts[each]},
        },
    }


def _iter_results(report: GateReport, context: RenderContext, numbers: dict[str, int]) -> Iterator[Document]:
    marks = Fingerprints()
    index = {verdict.name: number for number, verdict in enumerate(report.outcome.verdicts)}
    for point in iter_points(report, marks):
        yield _build_point(point, index.get(point.image, 0), numbers)
    for disposition in _COUNTED:
        for number, verdict in enumerate(report.outcome.verdicts):
            bases = _name_bases(number, verdict)
            own = replace(context, source=report.lines.get(verdict.name))
            for judged in list_counted(verdict, disposition):
                mark = marks.make(verdict, judged.fingerprint)
                yield _build_finding(judged, verdict, mark, own, numbers=numbers, bases=bases)


def _build_point(point: PolicyPoint, number: int, numbers: dict[str, int]) -> Document:
    name = escape_line(tell_reference(point.image))
    logical: list[Document] = [{"name": name, "fullyQualifiedName": name, "kind": "image"}] if point.image else []
    return {
        "ruleId": point.rule,
        "ruleIndex": numbers[point.rule],
        "level": point.level,
        "message": {"text": write_message("\n".join(map(escape_line, point.told)))},
        "locations": [{"physicalLocation": _place_point(point.place, number), "logicalLocations": logical}],
        "partialFingerprints": {
            "primaryLocationLineHash": point.fingerprint.counted,
            "layerscopeFinding/v1": point.fingerprint.text,
        },
        "baselineState": "new",
        "suppressions": [],
    }


def _place_point(place: FileLine | None, number: int) -> Document:
    """The line that demands it; where no file does, the config of the image."""
    if place is None:
        return build_physical(CONFIG_FILE, f"{CONFIG_BASE}-{number}", WHOLE_FILE)
    return build_physical(unroot_path(place.path), SOURCE_BASE, LineRange(place.line, place.line, place.end_column))


def _build_finding(
    judged: JudgedFinding,
    verdict: ImageVerdict,
    fingerprint: Fingerprint,
    context: RenderContext,
    *,
    numbers: dict[str, int],
    bases: ImageBases,
) -> Document:
    assert verdict.subject is not None, "a finding comes from an image that was audited"
    result = build_result(judged.finding, fingerprint, verdict.subject.result, context, numbers, bases=bases)
    message, properties = result["message"], result["properties"]
    assert isinstance(message, dict)
    assert isinstance(properties, dict)
    return {
        **result,
        "level": _LEVELS.get(judged.disposition, "note"),
        "message": {"text": f"{write_message(bases.image)}: {message['text']}"},
        # Where one result has one of these, all have: SARIF 2.1.0, 3.27.23 and 3.27.24.
        "baselineState": "unchanged" if judged.disposition is Disposition.KNOWN else "new",
        "suppressions": [_build_suppression(judged.suppression)] if judged.suppression is not None else [],
        "properties": {**properties, "image": bases.image, "disposition": judged.disposition.value},
    }


def _build_suppression(suppression: Suppression) -> Document:
    expires = str(suppression.expires) if suppression.expires is not None else None
    return {
        "kind": "external",
        "status": "accepted",
        "justification": escape_text(suppression.reason),
        "properties": {"place": suppression.place, "expires": expires},
    }
