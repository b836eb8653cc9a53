"""Maven's ranges are intervals of versions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.formats.maven_range import parse_maven_range
from layerscope.formats.maven_version import MavenVersion


@pytest.mark.parametrize(
    ("text", "version", "is_accepted"),
    [
        ("[1.0,2.0)", "1.9", True), ("[1.0,2.0)", "2.0", False), ("(,1.0]", "1.0", True), ("(1.0,)", "1.0", False),
        ("[1.5]", "1.5", True), ("[1.5]", "1.6", False), ("(,1.0],[1.2,)", "1.1", False),
        ("(,1.0],[1.2,)", "1.2", True),
        ("1.0", "7", True),
    ],
)  # fmt: skip
def test_accepts_what_maven_accepts(text: str, version: str, is_accepted: bool) -> None:
    """Brackets include, parentheses exclude; a bare version is a wish that anything may replace."""
    accepted = parse_maven_range(text)
    assert accepted is not None
    assert accepted.accepts(MavenVersion(version)) is is_accepted


@pytest.mark.parametrize("text", ["", "[1.0", "[]", "(1.0)", "[1,2,3]", "1,2", "[1]x", "[" * 500])
def test_what_is_no_range_is_none(text: str) -> None:
    """A single version has to be in brackets."""
    assert parse_maven_range(text) is None


@given(st.text(alphabet="[](),.123 ", max_size=40))
def test_takes_any_text(text: str) -> None:
    """It is a range or None."""
    accepted = parse_maven_range(text)
    assert accepted is None or accepted.accepts(MavenVersion("1")) in (True, False)
