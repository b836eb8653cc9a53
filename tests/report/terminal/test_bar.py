"""A bar shows a size, and the part of it that is wasted, as a length."""

from layerscope.report.terminal.bar import draw_bar
from layerscope.report.theme import ASCII, UNICODE


def test_a_whole_bar_fills_its_width() -> None:
    """The largest size takes every column."""
    assert draw_bar(100, 0, scale=100, width=4, symbols=UNICODE).plain == "████"


def test_a_bar_ends_in_eighths_of_a_column() -> None:
    """Seven sixteenths of two columns are seven eighths of one."""
    assert draw_bar(7, 0, scale=16, width=2, symbols=UNICODE).plain == "▉"


def test_waste_is_drawn_behind_what_is_kept() -> None:
    """Half kept and half wasted are two halves."""
    assert draw_bar(50, 50, scale=100, width=4, symbols=UNICODE).plain == "██░░"


def test_a_little_is_seen() -> None:
    """One byte of a gigabyte takes a column, kept or wasted."""
    assert draw_bar(1, 0, scale=10**9, width=10, symbols=UNICODE).plain == "▏"
    assert draw_bar(0, 1, scale=10**9, width=10, symbols=UNICODE).plain == "░"


def test_nothing_is_not_drawn() -> None:
    """An empty layer has an empty bar, also where every layer is empty."""
    assert draw_bar(0, 0, scale=100, width=4, symbols=UNICODE).plain == ""
    assert draw_bar(0, 0, scale=0, width=4, symbols=UNICODE).plain == ""


def test_ascii_bars_use_whole_columns() -> None:
    """Where the terminal has no blocks, columns are rounded."""
    assert draw_bar(55, 0, scale=100, width=10, symbols=ASCII).plain == "######"
    assert draw_bar(30, 30, scale=60, width=4, symbols=ASCII).plain == "##::"
