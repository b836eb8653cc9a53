"""Maven's versions have Maven's order."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.formats.maven_version import MavenVersion

ORDER = ("1-alpha", "1-beta", "1-milestone", "1-rc", "1-SNAPSHOT", "1", "1-sp", "1-foo", "1-1", "1.1", "1.2", "1.10",
         "2.0-rc1", "2.0", "2.0.1", "10.0")  # fmt: skip


def test_orders_as_maven_does() -> None:
    """The specification's order of qualifiers, and numbers by value."""
    assert all(MavenVersion(low) < MavenVersion(high) for low, high in pairwise(ORDER))
    assert not any(MavenVersion(high) < MavenVersion(low) for low, high in pairwise(ORDER))


@pytest.mark.parametrize(("left", "right"), [("1", "1.0.0"), ("1.0-ga", "1"), ("1.0.FINAL", "1.0"), ("1-cr2", "1-rc2"),
                                             ("1a1", "1-alpha-1"), ("1.01", "1.1")])  # fmt: skip
def test_equal_versions_are_equal_however_written(left: str, right: str) -> None:
    """And have the same hash."""
    assert MavenVersion(left) == MavenVersion(right)
    assert hash(MavenVersion(left)) == hash(MavenVersion(right))


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_two_texts_compare(left: str, right: str) -> None:
    """At most one is less than the other."""
    assert not (MavenVersion(left) < MavenVersion(right) and MavenVersion(right) < MavenVersion(left))


@pytest.mark.parametrize("text", ["1.\u00b2", "\u0661.0", "1.0-\u2460", "\u0130a1"])
def test_digits_beside_ascii_are_words(text: str) -> None:
    """A superscript once was taken for a number, and raised ValueError when compared."""
    assert MavenVersion(text) < MavenVersion("999") or MavenVersion(text) > MavenVersion("0")
