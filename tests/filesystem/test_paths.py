"""Which path lies below which."""

import pytest

from layerscope.filesystem.paths import is_within


@pytest.mark.parametrize(
    ("path", "top", "expected"),
    [("a/b", "a", True), ("a", "a", True), ("a", "", True), ("ab", "a", False), ("a", "a/b", False)],
)
def test_a_path_lies_within_itself_and_what_is_above_it(path: str, top: str, expected: bool) -> None:
    """Names that only begin alike are strangers."""
    assert is_within(path, top) is expected
