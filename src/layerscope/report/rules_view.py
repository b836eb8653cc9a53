"""The rules as a list, and one rule explained."""

from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from layerscope.report.context import RenderContext
from layerscope.report.json_text import encode_json
from layerscope.report.terminal.page import Page, start_table
from layerscope.report.terminal.slashed import Slashed
from layerscope.rules.documentation import RuleDoc
from layerscope.rules.fix import FixPlace

_COMMANDS: Final = {
    FixPlace.IMAGE: "layerscope fix IMAGE --only {code} --apply --layers --to DESTINATION",
    FixPlace.DOCKERFILE: "layerscope fix IMAGE --only {code} --file Dockerfile",
    FixPlace.REBUILD: (
        "layerscope fix IMAGE --only {code} --file Dockerfile --context DIR --apply --build --to docker:NAME --reviewed"
    ),
    FixPlace.RECIPE: "layerscope fix IMAGE --recipe docker",
}
_MEANINGS: Final = {
    FixPlace.IMAGE: "in the image as it is, without a build (with --reviewed where the plan says review):",
    FixPlace.DOCKERFILE: "as a diff of the Dockerfile, where it is understood:",
    FixPlace.REBUILD: "by a build that makes the step anew, where the Dockerfile has it:",
    FixPlace.RECIPE: "in how a container is started, for Docker, Compose or Kubernetes:",
}
BULLETS = ("- ", "* ")
TITLE_PAGE: Final = 76
"""Columns from which on there is room for what a rule finds beside its name."""


def render_rule_list_text(rules: Sequence[RuleDoc], context: RenderContext) -> str:
    """One line a rule: code, severity, name and what it is about."""
    page = Page(context)
    has_titles = page.width >= TITLE_PAGE
    table = start_table()
    table.add_column("code", no_wrap=True)
    table.add_column("severity", no_wrap=True)
    table.add_column("name", no_wrap=has_titles)
    if has_titles:
        table.add_column("what it finds")
    for rule in rules:
        severity = Text(f"{page.symbols.severity(rule.severity)} {rule.severity}", str(rule.severity))
        name = Text(rule.name, "heading")
        table.add_row(rule.code, severity, *((name, rule.title) if has_titles else (Slashed(name),)))
    page.add(table)
    page.add_blank()
    page.add_command("layerscope rules explain CODE", "tells all about one of them", indent=0)
    return page.read()


def render_rule_list_json(rules: Sequence[RuleDoc]) -> str:
    """The same for a program."""
    return encode_json([_summarise(rule) for rule in rules])


def render_rule_text(rule: RuleDoc, context: RenderContext) -> str:
    """All that the rule's author wrote down, wrapped to the page."""
    page = Page(context)
    page.add_line((rule.code, str(rule.severity)), (f" {rule.name}", "heading"))
    page.add_line(
        (f"{page.symbols.severity(rule.severity)} {rule.severity}", str(rule.severity)),
        (f"   confidence {rule.confidence}", "muted"),
    )
    page.add_blank()
    page.add_line(f"{rule.title}.")
    for section in rule.sections:
        page.add_heading(section.heading)
        for paragraph in join_paragraphs(section.text):
            _draw_paragraph(page, paragraph)
    if rule.fixed_in:
        page.add_heading("Fixed by layerscope")
        for place in rule.fixed_in:
            page.add_line(_MEANINGS[place], indent=2)
            page.add_command(_COMMANDS[place].format(code=rule.code), "")
    return page.read()


def _draw_paragraph(page: Page, text: str) -> None:
    """A paragraph, an item of a list, or a line of an example, each with its lines below each other."""
    if not text.startswith(BULLETS):
        own = text.lstrip(" ")
        page.add(Text(own, overflow="fold"), indent=2 + len(text) - len(own))
        return
    item = Table.grid(padding=(0, 1, 0, 0))
    item.add_row(text[0], Text(text[2:], overflow="fold"))
    page.add(item, indent=2)


def render_rule_json(rule: RuleDoc) -> str:
    """The same for a program."""
    sections = [{"heading": section.heading, "text": section.text} for section in rule.sections]
    return encode_json({**_summarise(rule), "sections": sections, "fixed_in": [str(place) for place in rule.fixed_in]})


def _summarise(rule: RuleDoc) -> dict[str, str]:
    return {
        "code": rule.code,
        "name": rule.name,
        "title": rule.title,
        "severity": str(rule.severity),
        "confidence": str(rule.confidence),
    }


def join_paragraphs(text: str) -> list[str]:
    """Lines joined into paragraphs, to be wrapped anew; indented lines and lists keep their own."""
    paragraphs: list[str] = []
    is_open = False
    for line in text.splitlines():
        is_own = line.startswith((" ", *BULLETS)) or not line.strip()
        if is_open and not is_own:
            paragraphs[-1] += f" {line}"
        else:
            paragraphs.append(line)
        is_open = bool(line.strip()) and not line.startswith(" ")
    return paragraphs
