"""A rule's documentation, read from its docstring."""

import inspect
import re
from typing import Final

from msgspec import Struct

from layerscope.rules.fix import FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity

HEADINGS: Final = (
    "What it checks",
    "Why it matters",
    "Example",
    "Remedy",
    "Fix safety",
    "Blind spots",
    "References",
)
"""Every rule has these sections, in this order."""

_INDENT: Final = "    "
_HEADING: Final = re.compile(rf"^({'|'.join(HEADINGS)}):\s*(.*)$")


class RuleDocumentationError(ValueError):
    """A rule's docstring breaks the form; a broken promise of our own, found by the tests."""


class Section(Struct, frozen=True):
    """One heading and its text, lines as written, without common indentation."""

    heading: str
    text: str


class RuleDoc(Struct, frozen=True):
    """Everything that `rules explain` and the reports print about a rule."""

    code: str
    name: str
    title: str
    severity: Severity
    confidence: Confidence
    sections: tuple[Section, ...]
    fixed_in: tuple[FixPlace, ...] = ()

    def text(self, heading: str) -> str:
        """The text under a heading."""
        return next(section.text for section in self.sections if section.heading == heading)


def document_rule(rule: Rule | type[Rule]) -> RuleDoc:
    """The documentation of a rule; raises RuleDocumentationError where a heading is missing, empty or out of order."""
    sections = tuple(_split_sections(rule))
    found = tuple(section.heading for section in sections)
    if found != HEADINGS:
        raise RuleDocumentationError(f"documentation of {rule.code}: headings are {found}, expected {HEADINGS}")
    empty = [section.heading for section in sections if not section.text]
    if empty:
        raise RuleDocumentationError(f"documentation of {rule.code}: nothing under {empty[0]!r}")
    return RuleDoc(rule.code, rule.name(), rule.title(), rule.severity, rule.confidence, sections, rule.fixed_in)


def _split_sections(rule: Rule | type[Rule]) -> list[Section]:
    """The sections in the order of the docstring, its first line left out."""
    sections: list[Section] = []
    for line in inspect.cleandoc(rule.__doc__ or "").splitlines()[1:]:
        match = _HEADING.match(line)
        if match:
            sections.append(Section(match[1], match[2]))
        elif sections:
            last = sections.pop()
            sections.append(Section(last.heading, f"{last.text}\n{line}"))
        elif line.strip():
            raise RuleDocumentationError(f"documentation of {rule.code}: {line!r} stands before the first heading")
    return [Section(section.heading, _dedent(section.text)) for section in sections]


def _dedent(text: str) -> str:
    """A section's text without the indentation below its heading; what is indented further, such as code, stays so."""
    return "\n".join(line.removeprefix(_INDENT) for line in text.splitlines()).strip("\n")
