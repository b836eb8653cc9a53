"""Versions are compared by the fields that both have."""

import pytest

from layerscope.facts.cuda.releases import is_older, major, newest, numbers, read_tag, release


def test_numbers_end_where_they_end() -> None:
    """What follows does not count."""
    assert numbers("12.4.1+x") == (12, 4, 1)
    assert (major(""), major("9.1"), release("12.4.127"), release("12")) == (None, 9, "12.4", "12")
    assert newest(["12.4", "12.10", "11.8"]) == "12.10"


def test_a_shorter_version_is_not_older() -> None:
    """12 may be any 12.x."""
    assert is_older("11.8", "12.4")
    assert not is_older("12", "12.4")
    assert not is_older("12.4.1", "12.4")


@pytest.mark.parametrize(
    ("text", "cuda"),
    [("cu124", "12.4"), ("cu12", "12"), ("cupy-cuda11", "11"), ("pt25cu118", "11.8"), ("accu12", ""), ("", "")],
)
def test_tags(text: str, cuda: str) -> None:
    """The last digit of three is the minor version."""
    assert read_tag(text) == cuda
