"""The documentation of the rules that found something, folded away at the end of the page."""

from collections.abc import Iterator
from itertools import groupby

from layerscope.audit.result import AuditResult
from layerscope.report.html.markup import Markup, element, join, write_line, write_section, write_text
from layerscope.report.rules_view import BULLETS, join_paragraphs
from layerscope.rules.documentation import RuleDoc, Section, document_rule
from layerscope.rules.registry import RULES


def write_rules(result: AuditResult) -> Markup:
    """Each rule once, in the order of the registry; findings lead there by their codes."""
    codes = {finding.code for finding in result.findings}
    docs = [document_rule(rule) for rule in RULES if rule.code in codes]
    return write_section("Rules", *map(_write_rule, docs), name="rules") if docs else Markup("")


def _write_rule(doc: RuleDoc) -> Markup:
    summary = element("summary", element("code", write_text(f"{doc.code} {doc.name}")), write_line(f" {doc.title}"))
    sections = (part for section in doc.sections for part in _iter_section(section))
    return join(Markup("\n"), element("details", summary, element("div", *sections, id=f"rule-{doc.code}")))


def _iter_section(section: Section) -> Iterator[Markup]:
    yield element("h3", write_line(section.heading))
    for is_code, lines in groupby(join_paragraphs(section.text), key=lambda line: line.startswith(" ")):
        if is_code:
            yield element("pre", Markup("\n".join(write_text(line.removeprefix("    ")) for line in lines)))
        else:
            yield from _iter_paragraphs([line for line in lines if line.strip()])


def _iter_paragraphs(lines: list[str]) -> Iterator[Markup]:
    """Lines that begin as items of a list are such."""
    for is_item, group in groupby(lines, key=lambda line: line.startswith(BULLETS)):
        if is_item:
            yield element("ul", *(element("li", _write_spans(line[2:])) for line in group))
        else:
            yield from (element("p", _write_spans(line)) for line in group)


def _write_spans(line: str) -> Markup:
    """A line with what stands between backquotes as code."""
    pieces = line.split("`")
    if len(pieces) % 2 == 0:
        return write_line(line)
    return join(
        *(
            element("code", write_text(piece)) if number % 2 else write_line(piece)
            for number, piece in enumerate(pieces)
        )
    )
