"""The findings on the page: the worst first, each with its places and its fixes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from layerscope.audit.result import AuditResult
from layerscope.fixes.plan import plan_fixes
from layerscope.report.finding_words import list_layers, list_paths, tell_message
from layerscope.report.html.markup import Markup, element, join, write_line, write_section, write_text
from layerscope.report.origin import find_finding_origin
from layerscope.report.plan_words import tell_sum
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.order import order_findings
from layerscope.rules.severity import Confidence
from layerscope.rules.wording import tell_count, tell_size

MOST: Final = 2_000
"""Findings that the page holds; the JSON report has all."""
SHOWN_PATHS: Final = 4
"""Paths of a finding that are seen at once."""
MOST_PATHS: Final = 100
"""Paths of a finding that the page holds."""


def write_findings(result: AuditResult) -> Markup:
    """All findings, with what chooses among them for who runs the page's script."""
    found = order_findings(result.findings)
    if not found:
        return write_section("Findings", element("p", write_line("Nothing found.")), name="findings")
    counts = Counter(str(finding.severity) for finding in found)
    buttons = [
        element(
            "button", write_line(f"{severity} {count:,}"), type="button", aria_pressed="true", data_severity=severity
        )
        for severity, count in counts.items()
    ]
    field = element("input", type="search", id="finding-filter", placeholder="code, path, word", autocomplete="off")
    label = element("label", write_line("Only with "), field)
    chooser = element("div", *buttons, label, class_="chooser", data_script="", hidden="")
    items = [_write_finding(number, finding, result) for number, finding in enumerate(found[:MOST])]
    left = len(found) - MOST
    more = [element("p", write_line(f"and {tell_count(left, 'more finding')} (-o json has all)"))] if left > 0 else []
    count = element("p", id="finding-count", role="status")
    return write_section("Findings", chooser, count, *items, *more, name="findings")


def write_plan(result: AuditResult) -> Markup:
    """The fewest changes, in order of effect; nothing where no fix is known."""
    plan = plan_fixes(order_findings(result.findings), base_layers=result.base_layers)
    if not plan.steps:
        return Markup("")
    steps = []
    for step in plan.steps:
        notes = [str(step.fix.kind), str(step.fix.safety)]
        notes += [f"saves {tell_size(step.saves)}"] if step.saves else []
        note = element("span", write_line(f" ({', '.join(notes)})"), class_="note")
        steps.append(element("li", write_line(step.fix.title), note, _write_steps(step.fix.steps)))
    return write_section("What to change", element("ol", *steps), name="plan", note=tell_sum(result, plan))


def _write_finding(number: int, finding: Finding, result: AuditResult) -> Markup:
    notes = [f"{finding.confidence} confidence"] if finding.confidence is not Confidence.HIGH else []
    notes += ["in the base image"] if find_finding_origin(finding, result) == "base" else []
    notes += ["confirmed by the probe"] if finding.confirmed else []
    notes += [f"{tell_size(finding.wasted)} wasted"] if finding.wasted else []
    severity = str(finding.severity)
    heading = element(
        "h3",
        element("span", write_line(severity), class_=f"severity {severity}"),
        element("code", element("a", write_line(f"{finding.code} {finding.rule}"), href=f"#rule-{finding.code}")),
        element("span", write_line(", ".join(notes)), class_="note"),
    )
    message = element("p", write_line(tell_message(finding)))
    content = [heading, message, *_iter_places(finding, result)]
    content += [_write_fix(fix, is_other=place > 0) for place, fix in enumerate(finding.fixes)]
    return join(Markup("\n"), element("article", *content, id=f"finding-{number}", data_severity=severity))


def _iter_places(finding: Finding, result: AuditResult) -> Iterator[Markup]:
    """Layers with their instructions, and paths, most of them folded away."""
    layers = [element("li", write_line(told)) for told in list_layers(finding, result)]
    told = list_paths(finding)
    paths = [element("li", element("code", Markup(write_text(path)), class_="path")) for path in told[:MOST_PATHS]]
    if len(told) > MOST_PATHS:
        paths.append(element("li", write_line(f"and {tell_count(len(told) - MOST_PATHS, 'more path')}")))
    shown = paths if len(paths) <= SHOWN_PATHS + 1 else paths[:SHOWN_PATHS]
    if layers or shown:
        yield element("ul", *layers, *shown, class_="places")
    if len(shown) < len(paths):
        summary = element("summary", write_line(tell_count(len(told) - len(shown), "more path")))
        yield element("details", summary, element("ul", *paths[len(shown) :], class_="places"))


def _write_fix(fix: Fix, *, is_other: bool) -> Markup:
    label = element("strong", write_line("Or: " if is_other else "Fix: "))
    note = element("span", write_line(f" ({fix.kind}, {fix.safety})"), class_="note")
    return element("div", label, write_line(fix.title), note, _write_steps(fix.steps), class_="fix")


def _write_steps(steps: Sequence[str]) -> Markup:
    """What a person types, a line each."""
    lines = Markup("\n".join(write_text(line) for step in steps for line in step.split("\n")))
    return element("pre", lines) if steps else Markup("")
