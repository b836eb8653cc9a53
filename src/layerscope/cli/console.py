"""Console: results go to standard output, everything else to standard error."""

import contextlib
import os
import select
import shutil
import sys
from typing import TYPE_CHECKING, Final, TextIO

from layerscope.errors import UsageError
from layerscope.report.escape import escape_text
from layerscope.report.wrapped import wrap_words

if TYPE_CHECKING:
    from layerscope.report.context import RenderContext

DEFAULT_WIDTH: Final = 80
"""Columns where nobody says: a pipe, a file."""
MAX_WIDTH: Final = 160
"""Columns beyond which a table is harder to read, not easier."""


class Console:
    """The two streams of this process, and what the person asked of them.

    `quiet`, `color` (None: decide by the stream) and `debug` are set once, by the options of the command; `program` is
    what a person types to run it.
    """

    def __init__(self) -> None:
        """Speak plainly until options say otherwise."""
        self.program = "layerscope"
        self.quiet = False
        self.debug = False
        self.color: bool | None = None
        self.draws_progress = True

    def write(self, text: str) -> None:
        """Write a result; raises as `write_bytes` does."""
        self.write_bytes(text.encode(_find_encoding(), "backslashreplace"))

    @staticmethod
    def write_bytes(content: bytes) -> None:
        """Write a result now; raises BrokenPipeError where nobody reads it, UsageError where it cannot be taken."""
        if not _is_open(sys.stdout):
            raise UsageError("writing to standard output: it is closed")
        try:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise UsageError(f"writing to standard output: {error.strerror}") from error

    def say(self, message: str) -> None:
        """Tell one sentence on standard error, unless asked to be quiet."""
        if not self.quiet:
            _print_talk(escape_text(message))

    def complain(self, message: str, *, error: BaseException | None = None) -> None:
        """Tell on standard error what went wrong, in one line; under --debug with the traceback of `error`."""
        _print_talk(f"{self.program}: {escape_text(message)}")
        if error is not None and self.debug:
            import traceback

            _print_lines("".join(traceback.format_exception(error)).rstrip())

    def render_context(self) -> "RenderContext":
        """How a result is to be drawn on standard output."""
        from layerscope.report.context import RenderContext

        return RenderContext(
            width=self.width, color=self.has_color(), unicode=self.has_unicode(), is_terminal=self.is_terminal()
        )

    @property
    def width(self) -> int:
        """Columns for results."""
        columns = shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns if self.is_terminal() else _find_columns()
        return max(min(columns, MAX_WIDTH), 40)

    def has_color(self) -> bool:
        """Whether results are coloured: as asked, else on a terminal that can (https://no-color.org)."""
        if self.color is not None:
            return self.color
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            return False
        return bool(os.environ.get("FORCE_COLOR")) or self.is_terminal()

    def has_talk_color(self) -> bool:
        """Whether progress is coloured; it is drawn on a terminal only."""
        return self.color is not False and not os.environ.get("NO_COLOR")

    @staticmethod
    def has_unicode() -> bool:
        """Whether standard output takes more than ASCII."""
        return _find_encoding().lower().replace("-", "") == "utf8"

    @staticmethod
    def is_terminal() -> bool:
        """Whether results are read on a terminal."""
        return _is_open(sys.stdout) and sys.stdout.isatty()

    def shows_progress(self) -> bool:
        """Whether progress may be drawn: on a terminal only."""
        can_draw = _is_open(sys.stderr) and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        return can_draw and self.draws_progress and not self.quiet

    @staticmethod
    def is_reader_gone() -> bool:
        """Whether standard output is a pipe that nobody reads any more."""
        if not _is_open(sys.stdout):
            return True
        poll = select.poll()
        poll.register(sys.stdout.fileno(), select.POLLOUT)
        return any(event & select.POLLERR for _, event in poll.poll(0))

    def close(self) -> None:
        """Flush what is left; a reader that is gone is no failure."""
        try:
            if _is_open(sys.stdout):
                sys.stdout.flush()
        except BrokenPipeError:
            # The interpreter flushes again at its end and would complain: https://docs.python.org/3/library/signal.html
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_talk(text: str) -> None:
    """Write talk to standard error, broken between words where a person reads it on a terminal."""
    if _is_open(sys.stderr) and sys.stderr.isatty():
        text = wrap_words(text, _find_talk_width())
    _print_lines(text)


def _print_lines(text: str) -> None:
    if not _is_open(sys.stderr):
        return
    with contextlib.suppress(OSError):  # nobody listens, and there is nowhere left to say so
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def _find_talk_width() -> int:
    """The columns of the terminal that standard error is; standard output may be a pipe."""
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return columns or DEFAULT_WIDTH


def _is_open(stream: TextIO | None) -> bool:
    """Whether a stream is there: Python has none for a descriptor that was closed before it began."""
    return stream is not None


def _find_encoding() -> str:
    return (sys.stdout.encoding if _is_open(sys.stdout) else None) or "utf-8"


def _find_columns() -> int:
    text = os.environ.get("COLUMNS", "")
    return int(text) if text.isdecimal() and int(text) > 0 else DEFAULT_WIDTH
