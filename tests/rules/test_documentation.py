"""A rule's docstring is its documentation, and one that lacks a part is refused."""

from collections.abc import Iterator

import pytest

from layerscope.facts.fact_set import FactSet
from layerscope.rules.config.root_user import RootUser
from layerscope.rules.documentation import HEADINGS, RuleDocumentationError, document_rule
from layerscope.rules.finding import Finding
from layerscope.rules.layers.deleted_in_later_layer import DeletedInLaterLayer
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity

SECTIONS = [f"{heading}: text about it" for heading in HEADINGS]


def rule(*sections: str) -> type[Rule]:
    """A rule with these sections."""

    class Sample(Rule):
        code = "LAY999"
        severity = Severity.LOW
        needs = ()

        def check(self, facts: FactSet) -> Iterator[Finding]:
            del facts
            yield from ()

    Sample.__doc__ = "A sample.\n\n    " + "\n    ".join(sections) + "\n    "
    return Sample


def test_reads_code_name_title_and_sections() -> None:
    """The first line is the title, without its full stop."""
    documentation = document_rule(RootUser)
    assert (documentation.code, documentation.name) == ("CONF001", "root-user")
    assert documentation.title == "The container's process runs as root"
    assert documentation.text("Remedy").startswith("Create a user")


def test_keeps_the_lines_of_an_example() -> None:
    """Commands stand apart from the text, indented."""
    example = document_rule(DeletedInLaterLayer()).text("Example")
    assert "\n\n    RUN curl -O https://example.com/cuda.run\n    RUN sh cuda.run --silent\n" in example


def test_accepts_the_seven_headings_in_order() -> None:
    """And nothing else is needed."""
    assert len(document_rule(rule(*SECTIONS)).sections) == len(HEADINGS)


@pytest.mark.parametrize(
    "sections",
    [
        SECTIONS[1:],
        SECTIONS[:-1],
        [*SECTIONS[1:], SECTIONS[0]],
        [*SECTIONS[:-1], "References:"],
        ["Notes: x", *SECTIONS],
    ],
)
def test_refuses_other_headings(sections: list[str]) -> None:
    """Missing, out of order, empty, or unknown."""
    with pytest.raises(RuleDocumentationError, match="documentation of LAY999"):
        document_rule(rule(*sections))
