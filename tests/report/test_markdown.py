"""What comes from an image is no Markdown."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.report.markdown import write_code, write_fence, write_prose, write_row

SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
"""A code span of CommonMark 0.31."""


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("The process runs as root (uid 0)", "The process runs as root (uid 0)"),
        ("3 files (18.0 MB, 21%) of layer 5", "3 files (18.0 MB, 21%) of layer 5"),
        ("see /opt/a_b, /opt/*c*", "see `/opt/a_b`, `/opt/*c*`"),
        ("brings (/app/.netrc)", "brings (`/app/.netrc`)"),
        ("In `RUN pip install x`: remove it", "In `RUN pip install x`: remove it"),
        ("ask @admin about #12 of !3", "ask `@admin` about `#12` of `!3`"),
        ("<img src=x> www.example.com https://example.com", "`<img src=x> www.example.com https://example.com`"),
        ("[a](javascript:x)", "`[a](javascript:x)`"),
        ("one ` tick", "one `` ` `` tick"),
        ("/a.so: + b_c.so, d/e", "`/a.so`: + `b_c.so`, `d/e`"),
        ("- a (from -), b - c", "`-` a (from -), b - c"),
        ("layer 7 (RUN a -u && b > $(c)/d) brings /e", "layer 7 (`RUN a -u && b > $(c)/d`) brings `/e`"),
        ("layer 7 (RUN `a` - b (c", "layer 7 (RUN `a` - b (c"),
        ("in `RUN x`: pip install -q … (or once: ENV A=1)", "in `RUN x`: `pip install -q …` (or once: `ENV A=1`)"),
        ("at the end: && rm -rf /a/*", "at the end: `&& rm -rf /a/*`"),
        (
            "where needed: RUN --mount=type=secret x and no more.",
            "where needed: `RUN --mount=type=secret x` and no more.",
        ),
        ("of apt: rm `a", "of apt: rm `` `a ``"),
        (
            'goes from ["a b", "c d"] to ["x", "-u", "[y]"], as',
            'goes from `["a b", "c d"]` to `["x", "-u", "[y]"]`, as',
        ),
        ('a ["b", c] d', 'a `["b"`, `c]` d'),
        ('a ["b", "c"]* d', 'a `["b"`, `"c"]*` d'),
        ('a ["b`", "c"] d', 'a ``["b`"``, `"c"]` d'),
        ("two\nlines\x1b[2J", "two `lines\\x1b[2J`"),
    ],
)
def test_what_is_more_than_a_word_stands_in_a_code_span(text: str, written: str) -> None:
    """Links, mentions, HTML and emphasis are text there; the sentence's own punctuation stays outside."""
    assert write_prose(text) == written


@given(st.text(alphabet="ab `*_[]<>@#!&|\\~:/.()-1\n"))
def test_outside_of_code_spans_are_words_alone(text: str) -> None:
    """Whatever the text is."""
    assert not set(SPAN.sub("", write_prose(text))) & set("`*_[]<>@#!&|\\~/")


@given(
    st.lists(st.sampled_from((": ", "rm ", "&& ", "RUN ", "(", ")", " and ", ";", "*b*", "<i>", "@c", "d "))).map(
        "".join
    )
)
def test_beside_commands_are_words_alone(text: str) -> None:
    """Wherever a colon makes one of what follows it."""
    assert not set(SPAN.sub("", write_prose(text))) & set("`*_[]<>@#!&|\\~/")


@given(st.text(alphabet="a`|"))
def test_a_fence_and_a_code_span_are_longer_than_all_that_is_in_them(text: str) -> None:
    """So that nothing ends them early."""
    first, *lines, last = write_fence([text], "sh")
    assert (first, lines) == (f"{last}sh", [text])
    assert last not in text
    if text:
        assert SPAN.fullmatch(write_code(text))


def test_a_bar_stays_in_its_cell() -> None:
    """In code spans, too."""
    assert write_row(["a", "`b|c`"]) == "| a | `b\\|c` |"


def test_a_blank_between_backticks_is_no_code_span() -> None:
    """Nothing stands in it, and two backticks alone are text."""
    assert write_prose("` `") == "`` ` ` ``"


def test_nothing_in_code_is_a_blank_in_code() -> None:
    """Two backticks alone would be text, and open a span that the next ones end."""
    assert write_code(" \n ") == "` `"


def test_a_parenthesis_around_a_quoted_command_is_none_of_it() -> None:
    """It stands beside the code span, and makes none of its own."""
    assert write_prose("the step of layer 3 (`RUN a && b`): it") == "the step of layer 3 (`RUN a && b`): it"
