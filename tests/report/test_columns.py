"""Plain columns are aligned by what a terminal shows."""

from layerscope.report.columns import align_rows


def test_columns_are_aligned_on_their_sides() -> None:
    """A left column is padded on the right and a right one on the left; nothing trails."""
    assert align_rows([("a", "1", ""), ("long", "100", "x")], "lrl") == ["a       1", "long  100  x"]


def test_wide_characters_take_two_columns() -> None:
    """A name in Chinese does not shift the next column."""
    assert align_rows([("模", "1"), ("ab", "2")], "ll") == ["模  1", "ab  2"]


def test_no_rows_make_no_lines() -> None:
    """Nothing in, nothing out."""
    assert align_rows([], "l") == []
