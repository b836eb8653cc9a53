"""Every rule as a reporting descriptor, with its documentation as text and as Markdown.

All rules are told, whatever was found: GitHub compares what two uploads say of results, and expects the rules to stay.
There is no `helpUri`, for the documentation lies in the program alone.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from layerscope.report.finding_words import find_family
from layerscope.report.markdown import write_fence
from layerscope.report.sarif.levels import LEVELS, PRECISIONS, SECURITY_RULES, SECURITY_SCORES
from layerscope.rules.documentation import RuleDoc, document_rule
from layerscope.rules.registry import RULES

Document = dict[str, object]

DESCRIPTION_LIMIT: Final = 1024
"""Characters that GitHub shows of a description:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

_INDENT: Final = "    "
_SPECIAL: Final = str.maketrans({sign: f"\\{sign}" for sign in "*_<>[]#~|"})


def build_rules() -> list[Document]:
    """A descriptor for each rule, in the order of the registry."""
    return [_build_rule(document_rule(rule)) for rule in RULES]


def index_rules() -> dict[str, int]:
    """Where each code stands among them."""
    return {rule.code: number for number, rule in enumerate(RULES)}


def _build_rule(doc: RuleDoc) -> Document:
    is_security = doc.name in SECURITY_RULES
    properties: Document = {
        "tags": ["container-image", find_family(doc.code), *(["security"] if is_security else [])],
        "precision": PRECISIONS[doc.confidence],
        "problem.severity": {"note": "recommendation"}.get(LEVELS[doc.severity], LEVELS[doc.severity]),
    }
    if is_security:
        properties["security-severity"] = SECURITY_SCORES[doc.severity]
    return {
        "id": doc.code,
        "name": doc.name,
        "shortDescription": {"text": _shorten(f"{doc.title}.")},
        "fullDescription": {"text": _shorten(" ".join(doc.text("What it checks").split()))},
        "help": {"text": _write_text(doc), "markdown": "\n".join(_write_markdown(doc)) + "\n"},
        "defaultConfiguration": {"level": LEVELS[doc.severity]},
        "properties": properties,
    }


def _shorten(text: str) -> str:
    return text if len(text) <= DESCRIPTION_LIMIT else text[: DESCRIPTION_LIMIT - 1].rstrip() + "…"


def _write_text(doc: RuleDoc) -> str:
    """The documentation as it is written, heading by heading."""
    sections = (f"{section.heading}:\n{section.text}" for section in doc.sections)
    return f"{doc.code} {doc.name}: {doc.title}.\n\n" + "\n\n".join(sections) + "\n"


def _write_markdown(doc: RuleDoc) -> Iterator[str]:
    """The same with headings, code in fences, and no sign taken for emphasis or HTML."""
    yield f"# {doc.code} {doc.name}"
    yield ""
    yield f"{_escape(doc.title)}."
    for section in doc.sections:
        yield ""
        yield f"## {section.heading}"
        yield ""
        for is_code, lines in groupby(section.text.splitlines(), key=lambda line: line.startswith(_INDENT)):
            if is_code:
                yield from write_fence((line.removeprefix(_INDENT) for line in lines), "")
            else:
                yield from map(_escape, lines)


def _escape(line: str) -> str:
    """A line of our own documentation, whose code spans stay and whose other signs are signs."""
    pieces = line.split("`")
    if len(pieces) % 2 == 0:
        return line.translate(_SPECIAL)
    return "`".join(piece if number % 2 else piece.translate(_SPECIAL) for number, piece in enumerate(pieces))
