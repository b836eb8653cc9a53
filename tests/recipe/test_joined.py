"""Parts joined to one document, with notes where they belong."""

from typing import Any

from layerscope.recipe.joined import join_parts, strip_notes
from layerscope.recipe.yaml_text import render_yaml


def test_parts_are_joined_below_the_same_headings() -> None:
    """Mappings into one another, lists one after the other, and the later of two values holds."""
    parts: list[tuple[dict[str, Any], str]] = [
        ({"a": {"b": 1, "c": [1]}}, "one"),
        ({"a": {"b": 2, "c": [1, 2]}}, ""),
        ({"d": {}}, "three"),
    ]
    assert strip_notes(join_parts(parts)) == {"a": {"b": 2, "c": [1, 2]}, "d": {}}


def test_notes_stand_above_the_first_line_that_says_something() -> None:
    """In lists above the dash, and of two that say the same both."""
    parts: list[tuple[dict[str, Any], str]] = [
        ({"a": {"b": [{"k": "v"}]}}, "first"),
        ({"a": {"c": 1}}, "second"),
        ({"a": {"c": 1}}, "third"),
    ]
    assert render_yaml(join_parts(parts)) == ("a:\n  b:\n    # first\n    - k: v\n  # second\n  # third\n  c: 1\n")


def test_a_part_stays_as_it_is() -> None:
    """Joining changes the document, and no setting."""
    first = {"a": {"b": [1]}}
    join_parts([(first, ""), ({"a": {"b": [2]}}, "")])
    assert first == {"a": {"b": [1]}}
