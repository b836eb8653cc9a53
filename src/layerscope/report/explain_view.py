"""Errors explained: what each means, why it comes about, where to look, what to do, and what an image shows of it."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from layerscope.policies.errors import Cure, ErrorRow, When
from layerscope.policies.explanation import Explanation, Likeness
from layerscope.policies.policies import Policies
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text, shorten
from layerscope.report.places import find_engine_name, tell_reference
from layerscope.report.terminal.page import Page, start_fields
from layerscope.rules.wording import tell_count
from layerscope.sources.streams import is_passing

if TYPE_CHECKING:
    from layerscope.audit.evidence import ErrorEvidence
    from layerscope.audit.result import AuditResult
    from layerscope.audit.statement import Statement
    from layerscope.rules.finding import Finding

SHOWN: Final = 3
"""Errors that are told in full; the others are named."""

SHOWN_FIXES: Final = 5
"""Fixes of findings that are told."""

WHEN: Final[dict[When, str]] = {
    "build": "while the image is built",
    "unpack": "while an engine unpacks the image, after a pull or a load",
    "create": "while the engine makes the container",
    "start": "while the container starts",
    "import": "while libraries and modules are loaded",
    "init": "when the GPU is first used",
    "load": "while the model is loaded",
    "run": "while it runs",
}

_INSTRUCTION: Final = re.compile(r"(?:FROM|ENV|RUN|COPY|ARG) ")
"""How a line of a Dockerfile begins, which is no command for a shell."""

_OURS: Final = "layerscope "
"""How a command of our own begins, which takes an image by any name."""

_IMAGE: Final = re.compile(r"\bIMAGE\b")


def render_explanations_text(
    explanations: Sequence[Explanation],
    context: RenderContext,
    *,
    result: "AuditResult | None" = None,
    policies: Policies | None = None,
) -> str:
    """The errors, the most specific first, each with what the image shows of it."""
    page = Page(context)
    for number, explanation in enumerate(explanations[:SHOWN]):
        if number:
            page.add_blank()
        _draw_explanation(page, explanation, result, policies)
    if len(explanations) > SHOWN:
        page.add_heading("Also in this text")
        for explanation in explanations[SHOWN:]:
            page.add_command(f"layerscope explain {explanation.id}", explanation.title)
    return page.read()


def render_suggestions_text(suggestions: Sequence[ErrorRow], context: RenderContext, *, hint: str = "") -> str:
    """That nothing was recognised, and what comes nearest."""
    page = Page(context)
    page.add_line((f"{page.symbols.doubt} UNKNOWN", "doubt"), "  no error that layerscope knows is in this text")
    if hint:
        page.add_line(escape_text(hint), indent=2)
    if suggestions:
        page.add_heading("Nearest")
        for row in suggestions:
            page.add_command(f"layerscope explain {row.id}", row.title.partition("{")[0])
    return page.read()


def _draw_explanation(
    page: Page, explanation: Explanation, result: "AuditResult | None", policies: Policies | None
) -> None:
    page.add_line((explanation.id, "bad"), (f" {explanation.title}", "heading"))
    fields = start_fields()
    for number, quote in enumerate(explanation.quotes):
        text = shorten(escape_line(quote), page.width - 10, ellipsis=page.symbols.ellipsis)
        fields.add_row("" if number else "found", Text(text, "path"))
    silent = ", and the program goes on without a word" if explanation.silent else ""
    fields.add_row("when", f"{WHEN[explanation.when]}{silent}")
    if explanation.likeness is Likeness.SYMPTOM:
        fields.add_row("note", "told from a description, not from a message: the least sure way")
    page.add(fields, indent=2)
    page.add_blank()
    page.add_line(escape_text(explanation.meaning), indent=2)
    shown: Sequence[Finding] = ()
    if result is not None:
        from layerscope.audit.evidence import find_evidence

        evidence = find_evidence(result, explanation, policies)
        shown = evidence.telling
        _draw_evidence(page, evidence, result)
    _draw_list(page, "Causes", "the most likely first", [escape_text(cause) for cause in explanation.causes], "1.")
    _draw_list(page, "Look at the host", "", [_name_image(line, result) for line in explanation.host], "-")
    _draw_list(page, "Look into the image", "", [_name_image(line, result) for line in explanation.image], "-")
    if explanation.cures or shown:
        page.add_heading("Cures")
        for cure in _take_fixes(shown):
            _draw_fix(page, cure)
        for cure in explanation.cures:
            _draw_cure(page, cure, result)
    if explanation.threads:
        page.add_heading("Who met it")
        page.add_line(", ".join(explanation.threads), indent=2)


def _draw_list(page: Page, title: str, note: str, lines: Sequence[str], mark: str) -> None:
    if not lines:
        return
    page.add_heading(title, note)
    items = Table.grid(padding=(0, 1, 0, 0))
    for number, line in enumerate(lines, start=1):
        items.add_row(mark if mark == "-" else f"{number}.", Text(line, overflow="fold"))
    page.add(items, indent=2)


def _take_fixes(findings: "Sequence[Finding]") -> list[Cure]:
    """The fixes of what was found in the image: they fit it best."""
    cures = [Cure(f"{fix.title} ({each.code})", fix.steps) for each in findings for fix in each.fixes]
    return list(dict.fromkeys(cures))[:SHOWN_FIXES]


def _draw_fix(page: Page, fix: Cure) -> None:
    """A fix of a finding, whose steps are instructions or sentences."""
    page.add_line(f"{page.symbols.arrow} {escape_text(fix.title)}", indent=2)
    for step in fix.commands:
        page.add_line((escape_text(step), "instruction" if _INSTRUCTION.match(step) else ""), indent=4)


def _draw_cure(page: Page, cure: Cure, result: "AuditResult | None") -> None:
    page.add_line(f"{page.symbols.arrow} {escape_text(cure.title)}", indent=2)
    for command in cure.commands:
        text = _name_image(command, result)
        if _INSTRUCTION.match(text):
            page.add_line((text, "instruction"), indent=4)
        else:
            page.add_command(text, "", indent=4)


def _name_image(line: str, result: "AuditResult | None") -> str:
    """A command with the image's name, where one was given that can stand in that command."""
    if result is None:
        return escape_text(line)
    whole = result.image.reference
    name = whole if line.startswith(_OURS) else find_engine_name(result.image)
    if not name or is_passing(name) or not name.isprintable() or name.startswith("-"):
        return escape_text(line)
    return escape_text(_IMAGE.sub(lambda _: shlex.quote(name), line))


def _draw_evidence(page: Page, evidence: "ErrorEvidence", result: "AuditResult") -> None:
    page.add_heading(f"In {escape_line(tell_reference(result.image.reference))}")
    if not evidence.checked and not evidence.statements:
        page.add_line("no rule looks for this in an image: look at the host, and at how the container is run", indent=2)
        return
    _draw_statements(page, evidence.statements)
    shown = evidence.telling
    if shown:
        from layerscope.report.terminal.finding_list import draw_findings

        draw_findings(page, replace(result, findings=shown))
    elif not evidence.statements:
        _draw_nothing(page, evidence, result)
    if len(shown) < len(evidence.findings):
        more = tell_count(len(evidence.findings) - len(shown), "more finding")
        page.add_line((f"{more} of the same rules, on other things: see layerscope audit", "muted"), indent=2)


def _draw_statements(page: Page, statements: "Sequence[Statement]") -> None:
    """What facts say, each with a sign: it explains the error, it leaves it open, or it speaks against it."""
    signs = {"explains": (page.symbols.bad, "bad"), "open": (page.symbols.doubt, "doubt")}
    items = Table.grid(padding=(0, 1, 0, 0))
    for statement in statements:
        sign, style = signs.get(str(statement.bearing), (page.symbols.good, "good"))
        items.add_row(Text(sign, style), Text(escape_text(statement.text), overflow="fold"))
    if statements:
        page.add(items, indent=2)


def _draw_nothing(page: Page, evidence: "ErrorEvidence", result: "AuditResult") -> None:
    """That nothing was found, or that it was not looked for."""
    looked = ", ".join(name for name in evidence.checked if name not in evidence.unjudged)
    if evidence.unjudged:
        rules = ", ".join(evidence.unjudged)
        told = f" not judged without --gpu NAME and --driver VERSION: {rules}"
        page.add_line((page.symbols.doubt, "doubt"), escape_text(told), indent=2)
    if looked:
        page.add_line(
            (page.symbols.good, "good"), f" nothing of the kind is in the image (looked for: {looked})", indent=2
        )
    if not result.is_whole or result.gaps:
        page.add_line("not all of it could be read, see layerscope audit", indent=4)
