"""Nothing that an image says can move a cursor, hide or turn around what a person reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.report.escape import escape_line, escape_text, measure, shorten


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("naïve 模型", "naïve 模型"),
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("two\nlines\tand\r", r"two\nlines\tand\r"),
        ("a\u202etxt.exe", r"a\u202etxt.exe"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\u2066isolate\u2069", r"\u2066isolate\u2069"),
        ("\x9b31m", r"\x9b31m"),
        ("byte \udcff", r"byte \xff"),
        ("lone \ud800", r"lone \ud800"),
        ("tag \U000e0041", r"tag \U000e0041"),
    ],
)
def test_characters_that_do_not_print_are_written_out(text: str, shown: str) -> None:
    """Control, bidirectional, zero-width and broken characters become their escapes, all others stay."""
    assert escape_text(text) == shown


@given(st.text())
def test_escaped_text_always_prints(text: str) -> None:
    """Whatever goes in, what comes out can be printed and encoded."""
    shown = escape_text(text)
    assert shown.isprintable()
    shown.encode()


def test_a_line_joins_runs_of_white_space() -> None:
    """An instruction over several lines is shown on one."""
    assert escape_line("RUN a \\\n    && b\x1b") == r"RUN a \ && b\x1b"


def test_shortened_text_keeps_its_start_and_says_so() -> None:
    """A cut text fits the width with the mark of the cut."""
    assert shorten("apt-get install", 8, ellipsis="…") == "apt-get…"
    assert shorten("apt-get install", 9, ellipsis="...") == "apt-ge..."


def test_short_text_is_not_cut() -> None:
    """A text that fits stays whole."""
    assert shorten("apt", 3, ellipsis="…") == "apt"


def test_wide_characters_are_measured_by_columns() -> None:
    """A character that takes two columns counts as two, in measuring and in cutting."""
    assert measure("模型") == 4
    assert measure(shorten("模型模型", 5, ellipsis="…")) == 5
