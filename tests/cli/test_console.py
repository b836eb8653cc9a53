"""The console decides on colour, width and characters by what was asked and by where it writes."""

import fcntl
import io
import os
import pty
import struct
import sys
import termios

import pytest

from layerscope.cli.console import DEFAULT_WIDTH, MAX_WIDTH, Console


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Standard output passes for a terminal."""
    monkeypatch.setattr(Console, "is_terminal", staticmethod(lambda: True))
    monkeypatch.setenv("TERM", "xterm-256color")
    return monkeypatch


def test_a_pipe_is_not_coloured() -> None:
    """Unless somebody asks for it."""
    assert not Console().has_color()


def test_colour_can_be_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    """`FORCE_COLOR` colours a pipe, for pagers."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert Console().has_color()


def test_a_terminal_is_coloured(terminal: pytest.MonkeyPatch) -> None:
    """By default."""
    del terminal
    assert Console().has_color()


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_can_be_left_plain(name: str, value: str, terminal: pytest.MonkeyPatch) -> None:
    """By https://no-color.org and by a terminal that can do no better."""
    terminal.setenv(name, value)
    assert not Console().has_color()


def test_an_empty_no_color_means_nothing(terminal: pytest.MonkeyPatch) -> None:
    """The convention asks for a value that is not empty."""
    terminal.setenv("NO_COLOR", "")
    assert Console().has_color()


def test_the_flag_is_above_the_environment(terminal: pytest.MonkeyPatch) -> None:
    """`--no-color` wins over `FORCE_COLOR`."""
    terminal.setenv("FORCE_COLOR", "1")
    console = Console()
    console.color = False
    assert not console.has_color()


@pytest.mark.parametrize(
    ("columns", "width"), [(None, DEFAULT_WIDTH), ("100", 100), ("9999", MAX_WIDTH), ("1", 40), ("x", DEFAULT_WIDTH)]
)
def test_a_pipe_is_as_wide_as_columns_says(columns: str | None, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eighty columns where it says nothing, within what can be read."""
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    assert Console().width == width


@pytest.mark.parametrize(
    ("encoding", "unicode"), [("utf-8", True), ("UTF8", True), ("ascii", False), ("latin-1", False)]
)
def test_more_than_ascii_needs_utf_8(encoding: str, unicode: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another encoding gets ASCII signs."""

    class Stream:
        def __init__(self) -> None:
            self.encoding = encoding

    monkeypatch.setattr(sys, "stdout", Stream())
    assert Console.has_unicode() is unicode


def test_quiet_silences_talk_but_not_complaints(capsys: pytest.CaptureFixture[str]) -> None:
    """Errors are always told."""
    console = Console()
    console.quiet = True
    console.say("something")
    console.complain("error: something")
    assert capsys.readouterr().err == "layerscope: error: something\n"


def test_talk_is_wrapped_at_words_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As wide as the terminal that standard error is, a path in one piece; a pipe gets each sentence as one line."""
    path = f"/usr/lib/{'a-long-name-' * 6}.so"
    message = f"the file {path} was not read, for it is larger than what is read of a file that nobody names"
    reading, writing = pty.openpty()
    fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        Console().complain(message)
        lines = os.read(reading, 4096).decode().split("\r\n")[:-1]
    os.close(reading)
    assert [line for line in lines if len(line) > 40] == [path]
    assert " ".join(lines) == f"layerscope: {message}"
    assert len(lines) > 3
    held = io.StringIO()
    monkeypatch.setattr(sys, "stderr", held)
    Console().complain(message)
    assert held.getvalue() == f"layerscope: {message}\n"
