"""The rules listed and explained."""

import json
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from layerscope.report.context import RenderContext
from layerscope.report.rules_view import (
    render_rule_json,
    render_rule_list_json,
    render_rule_list_text,
    render_rule_text,
)
from layerscope.rules.documentation import HEADINGS, RuleDoc, Section
from layerscope.rules.fix import FixPlace
from layerscope.rules.severity import Confidence, Severity

TEXTS = {
    "Example": "In a Dockerfile:\n\n    RUN make\n    RUN rm -rf build\n",
    "Remedy": "Either:\n- delete the files in the instruction that makes them, which is a long sentence,\n"
    "- or use a stage.",
}


@pytest.fixture
def rule() -> RuleDoc:
    """A documented rule."""
    text = "One sentence that is long enough to be wrapped on a page of eighty columns\nand goes on in the next line."
    return RuleDoc(
        "LAY101",
        "deleted-in-later-layer",
        "A later layer deletes what this one ships",
        Severity.MEDIUM,
        Confidence.HIGH,
        tuple(Section(heading, TEXTS.get(heading, text)) for heading in HEADINGS),
        (FixPlace.IMAGE, FixPlace.DOCKERFILE),
    )


def test_a_rule_is_explained(rule: RuleDoc, snapshot: Callable[[str, str], None]) -> None:
    """Every section, paragraphs wrapped anew, code and lists as written."""
    snapshot("rule-80.txt", render_rule_text(rule, RenderContext()))


def test_rules_are_listed(rule: RuleDoc, snapshot: Callable[[str, str], None]) -> None:
    """One line a rule."""
    snapshot("rules-80.txt", render_rule_list_text([rule], RenderContext()))


@pytest.mark.parametrize("width", [40, 60, 75])
def test_rules_are_listed_by_name_on_a_narrow_page(width: int, rule: RuleDoc) -> None:
    """No code is cut, and a name breaks at a hyphen."""
    long = replace(rule, name="name-of-a-rule-that-finds-more-than-others")
    text = render_rule_list_text([rule, long], RenderContext(width=width))
    assert max(map(len, text.splitlines())) <= width
    assert text.count("LAY101  ● medium") == 2
    assert ("name-of-a-rule-that-\n" in text) is (width == 40)


def test_an_example_keeps_its_indentation_on_a_narrow_page(rule: RuleDoc) -> None:
    """Where a line of it goes on below itself; commands stay in one piece."""
    example = Section("Example", "    RUN make && make install && rm -rf build\n")
    text = render_rule_text(replace(rule, sections=(example,)), RenderContext(width=40))
    assert "\n      RUN make && make install && rm -rf\n      build\n" in text
    assert "\n  $ layerscope fix IMAGE --only LAY101 --apply --layers --to DESTINATION\n" in text


def test_a_rule_is_told_to_a_program(rule: RuleDoc) -> None:
    """The list holds the summary, the explanation the sections too."""
    summary = json.loads(render_rule_list_json([rule]))[0]
    whole = json.loads(render_rule_json(rule))
    assert summary["severity"] == "medium"
    assert [section["heading"] for section in whole.pop("sections")] == list(HEADINGS)
    assert whole.pop("fixed_in") == ["image", "Dockerfile"]
    assert whole == summary
