"""A check as a page for a browser, one for all images: the verdict first, what breaks, and everything it rests on."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from layerscope.gate.limit import Breach, Measure
from layerscope.gate.verdict import Disposition, ImageVerdict, JudgedFinding, State
from layerscope.report.context import RenderContext
from layerscope.report.finding_words import tell_message
from layerscope.report.gate import words
from layerscope.report.gate.words import GateReport
from layerscope.report.html.markup import (
    Markup,
    element,
    join,
    write_fields,
    write_line,
    write_name,
    write_section,
    write_table,
    write_text,
)
from layerscope.report.html.page_template import ROWS, fill_page
from layerscope.report.places import tell_familiar, tell_reference
from layerscope.rules.finding import Finding
from layerscope.rules.wording import begin, tell_count, tell_size

_CHECK: Final = replace(ROWS, hint="llm, max-size, accepted earlier, LAY101 …  ( / )")

MOST: Final = 5_000
"""Rows of a table; the JSON report has all."""

_STATES: Final = {
    State.DAMAGED: ("damaged", "bad"),
    State.ABSENT: ("not there", "bad"),
    State.UNFINISHED: ("not checked", "doubt"),
    State.BROKEN: ("broken", "bad"),
    State.SOUND: ("kept", "good"),
    State.SKIPPED: ("left out", "note"),
}
_DISPOSITIONS: Final = {
    Disposition.FAILS: ("breaks the policy", "bad"),
    Disposition.WARNS: ("warned of", "doubt"),
    Disposition.KNOWN: ("accepted earlier", "note"),
    Disposition.SUPPRESSED: ("suppressed", "note"),
    Disposition.IGNORED: ("ignored", "note"),
    Disposition.BELOW: ("below what breaks", "note"),
}
"""What a finding counts for, in the order in which they are told."""


def render_check_html(report: GateReport, context: RenderContext) -> str:
    """The page; without its script it lacks the search alone."""
    names = [tell_reference(verdict.name) for verdict in report.outcome.verdicts]
    what = names[0] if len(names) == 1 else tell_count(len(names), "image")
    sections = (
        _write_images(report),
        *_write_broken(report),
        *_write_limits(report),
        *_write_findings(report),
        *_write_policy(report),
    )
    return fill_page(
        _CHECK, title=write_line(f"Check of {what}"), head=_write_head(report, context), sections=join(*sections)
    )


def _write_head(report: GateReport, context: RenderContext) -> Markup:
    """The outcome, and how many images are in which state."""
    style = "bad" if context.exit_code else "good"
    outcome = element("strong", write_line(begin(words.tell_summary(report.outcome))), class_=style)
    rows = [("outcome", outcome), ("exit code", write_line(str(context.exit_code)))]
    states = [verdict.state for verdict in report.outcome.verdicts]
    told = [f"{states.count(state):,} {word}" for state, (word, _) in _STATES.items() if state in states]
    rows.append(("images", write_line(", ".join(told))))
    return write_fields(rows)


def _name(verdict: ImageVerdict) -> Markup:
    return write_name(tell_reference(verdict.name))


def _name_rule(finding: Finding) -> Markup:
    return join(write_name(finding.code), Markup(" "), write_name(finding.rule))


def _row(*cells: Markup) -> Markup:
    return element("tr", *(element("td", cell) for cell in cells))


def _note(text: str) -> Markup:
    return element("p", write_line(text), class_="note")


def _write_images(report: GateReport) -> Markup:
    rows = [_write_image(verdict) for verdict in report.outcome.verdicts]
    head = ("", "image", "verdict", ">size", "not counted")
    return write_section("Images", write_table("Images", head, rows[:MOST], name="image-table"), name="images")


def _write_image(verdict: ImageVerdict) -> Markup:
    word, style = _STATES[verdict.state]
    subject = verdict.subject
    trouble = [_note(verdict.trouble)] if verdict.trouble else []
    return element(
        "tr",
        element("td", element("strong", write_line(word), class_=style)),
        element("td", _name(verdict), *_iter_identity(verdict)),
        element("td", write_line(words.tell_verdict(verdict)), *trouble),
        element("td", write_line(tell_size(subject.size) if subject is not None else ""), class_="number"),
        element("td", write_line(words.tell_counts(verdict))),
    )


def _iter_identity(verdict: ImageVerdict) -> Iterator[Markup]:
    """What an image is, what it is built on, and what it is compared with."""
    if verdict.subject is None:
        return
    result = verdict.subject.result
    if verdict.subject.platforms:
        yield _note(str(verdict.subject.platform))
    yield element("p", element("code", write_text(str(result.image.manifest_digest or result.image.config_digest))))
    if result.base is not None:
        yield _note(f"built on {tell_familiar(result.base.reference)}")
    if verdict.subject.reference_name:
        yield _note(f"compared with {verdict.subject.reference_name}")


def _write_broken(report: GateReport) -> Iterator[Markup]:
    """What breaks the policy, image by image: limits, then findings."""
    rows = []
    for verdict in report.outcome.verdicts:
        rows += [_write_breach(report, verdict, breach) for breach in words.iter_breaches(verdict)]
        rows += [_write_finding(report, verdict, judged) for judged in verdict.select(Disposition.FAILS)]
    yield from _write_rows("What breaks the policy", ("image", "", "what", "what is wrong"), rows, name="broken")


def _write_breach(report: GateReport, verdict: ImageVerdict, breach: Breach) -> Markup:
    place = report.find_breach(verdict, breach)
    word = "demanded in " if report.is_demanded(verdict, breach) else ""
    where = [_note(f"{word}{place.path}:{place.line}")] if place is not None else []
    detail = [_note(breach.detail)] if breach.detail else []
    cure = [_note(f"Fix: {breach.remedy}")] if breach.remedy else []
    limit = element("strong", write_line("limit"), class_="bad")
    told = join(write_line(breach.message), *detail, *cure, *where)
    return _row(_name(verdict), limit, write_name(breach.limit), told)


def _write_finding(report: GateReport, verdict: ImageVerdict, judged: JudgedFinding) -> Markup:
    finding = judged.finding
    severity = element("span", write_line(words.tell_severity(judged)), class_=f"severity {finding.severity}")
    places = [_note(place) for place in words.list_places(report, verdict, finding)]
    remedy = words.tell_remedy(finding)
    cure = [_note(f"Fix: {remedy}")] if remedy else []
    return _row(_name(verdict), severity, _name_rule(finding), join(write_line(tell_message(finding)), *places, *cure))


def _write_limits(report: GateReport) -> Iterator[Markup]:
    """Every limit of every image, kept or not, with what was measured, and of what where that is not the image."""
    rows = [_write_measure(verdict, each) for verdict in report.outcome.verdicts for each in verdict.measures]
    yield from _write_rows("Limits", ("", "image", "limit", "found", "allowed"), rows, name="limits")


def _write_measure(verdict: ImageVerdict, measure: Measure) -> Markup:
    word, style = ("kept", "good") if measure.is_kept else ("broken", "bad")
    return _row(
        element("strong", write_line(word), class_=style),
        _name(verdict),
        write_name(measure.limit),
        join(write_line(measure.found), *([_note(measure.about)] if measure.about else [])),
        write_line(measure.allowed),
    )


def _write_findings(report: GateReport) -> Iterator[Markup]:
    """All findings, those that count first, each with why it does or does not."""
    rows = []
    for disposition in _DISPOSITIONS:
        for verdict in report.outcome.verdicts:
            rows += [_write_judged(verdict, judged) for judged in verdict.select(disposition)]
    head = ("counts", "image", "severity", "finding", "message")
    yield from _write_rows("Findings", head, rows, name="findings")


def _write_judged(verdict: ImageVerdict, judged: JudgedFinding) -> Markup:
    finding, suppression = judged.finding, judged.suppression
    word, style = _DISPOSITIONS[judged.disposition]
    why = []
    if suppression is not None:
        until = f" until {suppression.expires}" if suppression.expires is not None else ""
        why.append(_note(f"{suppression.reason}{until} ({suppression.place})"))
    return _row(
        join(element("strong", write_line(word), class_=style), *why),
        _name(verdict),
        element("span", write_line(words.tell_severity(judged)), class_=f"severity {finding.severity}"),
        _name_rule(finding),
        write_line(tell_message(finding)),
    )


def _write_policy(report: GateReport) -> Iterator[Markup]:
    """What is to be done about the policy itself."""
    outcome = report.outcome
    items = [_write_remark("expired", "bad", words.tell_expired(each)) for each in outcome.expired]
    items += [_write_remark("can go", "doubt", words.tell_unused(each, outcome)) for each in outcome.unused]
    items += [_write_remark("can go", "doubt", words.tell_gone(outcome))] if outcome.gone else []
    if items:
        yield write_section("Policy", element("ul", *items, class_="places"), name="policy")


def _write_remark(word: str, style: str, text: str) -> Markup:
    return element("li", element("strong", write_line(word), class_=style), write_line(f" {text}"))


def _write_rows(title: str, head: tuple[str, ...], rows: Sequence[Markup], *, name: str) -> Iterator[Markup]:
    """A table, if there is anything in it, up to the ceiling."""
    if rows:
        left = f"the first {MOST:,}; -o json has all" if len(rows) > MOST else ""
        table = write_table(title, head, list(rows[:MOST]), name=f"{name}-table")
        yield write_section(f"{title} ({len(rows):,})", table, name=name, note=left)
