"""However a command ends, it ends in one line and with the right exit code."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from layerscope import errors
from layerscope.cli.command import Command
from layerscope.cli.options import with_console
from layerscope.cli.root import root

Raise = Callable[[BaseException], None]


@pytest.fixture
def fail_with(monkeypatch: pytest.MonkeyPatch) -> Raise:
    """Puts a command in the place of every other that raises what it is given."""

    def use(error: BaseException) -> None:
        @click.command("audit", cls=Command)
        @with_console
        def command(**_options: object) -> int:
            raise error

        monkeypatch.setattr(root, "get_command", lambda *_: command)

    return use


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("x: expected y"), 2),
        (errors.SettingsError("x: expected y"), 2),
        (errors.CacheError("x: expected y"), 2),
        (errors.ImageNotFoundError("x: expected y"), 3),
        (errors.EngineError("x: expected y"), 3),
        (errors.DigestMismatchError("x: expected y"), 4),
        (errors.LimitError("x: expected y"), 4),
        (errors.TreeError("x: expected y"), 1),
    ],
)
def test_a_failure_is_told_in_one_line(
    ask: Callable[..., Any], fail_with: Raise, error: errors.LayerscopeError, code: int
) -> None:
    """The message, on standard error, and the code of its kind."""
    fail_with(error)
    assert ask("audit") == (code, "", "layerscope: error: x: expected y\n")


def test_a_message_cannot_write_to_the_terminal(ask: Callable[..., Any], fail_with: Raise) -> None:
    """A name from an image may stand in an error; it is escaped, and the message stays one line."""
    fail_with(errors.TreeError("reading a\x1b[2J\nb"))
    assert ask("audit").err == "layerscope: error: reading a\\x1b[2J\\nb\n"


def test_a_defect_is_told_in_one_line_with_the_way_to_its_traceback(ask: Callable[..., Any], fail_with: Raise) -> None:
    """No traceback unless asked for, and an exit code that no finding has."""
    fail_with(KeyError("oops"))
    answer = ask("audit")
    assert answer.code == 70
    assert answer.err == (
        "layerscope: error: unexpected KeyError: 'oops' (a defect of layerscope; add --debug for the traceback)\n"
    )


@pytest.mark.parametrize("error", [KeyError("oops"), errors.SourceError("oops")])
def test_debug_shows_the_traceback(ask: Callable[..., Any], fail_with: Raise, error: Exception) -> None:
    """With `--debug`, expected and unexpected failures show where they came from."""
    fail_with(error)
    answer = ask("audit", "--debug")
    assert "Traceback (most recent call last)" in answer.err
    assert "add --debug" not in answer.err


def test_an_interruption_is_one_word(ask: Callable[..., Any], fail_with: Raise) -> None:
    """Ctrl-C ends with the code that shells know."""
    fail_with(KeyboardInterrupt())
    assert ask("audit") == (130, "", "layerscope: interrupted\n")


def test_an_unknown_option_points_to_the_help(ask: Callable[..., Any], fail_with: Raise) -> None:
    """What click finds wrong with the command line is told like everything else."""
    fail_with(AssertionError())
    answer = ask("audit", "--nope")
    assert answer.code == 2
    assert answer.err.startswith("layerscope: error: No such option")
    assert answer.err.endswith("(see 'layerscope audit --help')\n")
    assert answer.err.count("\n") == 1


def test_a_reader_that_leaves_is_no_failure() -> None:
    """`layerscope --help | head -0` ends quietly."""
    command = f"{sys.executable} -m layerscope --help | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_is_an_error() -> None:
    """What standard output cannot take is not lost in silence."""
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m layerscope rules list > /dev/full"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr == "layerscope: error: writing to standard output: No space left on device\n"


@pytest.mark.parametrize(
    ("redirection", "code"), [("rules list 2>&-", 0), ("nonsense 2>&-", 2), ("rules list >&-", 2), ("--version >&-", 0)]
)
def test_a_closed_stream_does_not_change_the_exit_code(redirection: str, code: int) -> None:
    """Without standard error nothing is said; without standard output a result is an error."""
    command = ["bash", "-c", f"{sys.executable} -m layerscope {redirection}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGHUP, 129, "hung up"),
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGQUIT, 131, "quit"),
        (signal.SIGTERM, 143, "terminated"),
    ],
)
def test_a_signal_stops_the_work(tmp_path: Path, number: int, code: int, word: str) -> None:
    """A process that waits for its standard input stops at once, says one word, and leaves no file behind."""
    process = subprocess.Popen(
        [sys.executable, "-m", "layerscope", "audit", "-"],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _wait_until_reading(process)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (code, "", f"layerscope: {word}\n")
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_is_ignored_stays_so(tmp_path: Path) -> None:
    """As under nohup, which is asked to outlive the terminal."""
    code = (
        "import os, signal; from layerscope.cli import main; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "main._invoke = lambda *_: os.kill(os.getpid(), signal.SIGHUP) or 0\n"
        "raise SystemExit(main.run([]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def _wait_until_reading(process: subprocess.Popen[str]) -> None:
    """Wait until the process sleeps in a read of its standard input, as the kernel tells."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        channel = Path(f"/proc/{process.pid}/syscall").read_text().split()
        if channel[:2] == ["0", "0x0"]:  # read(0, …)
            return
        time.sleep(0.02)
    pytest.fail("the process never read its standard input")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["audit", "--help"]])
def test_help_that_cannot_be_written_is_no_defect(arguments: list[str]) -> None:
    """A full disk is told as such."""
    with open("/dev/full", "wb") as full:  # noqa: PTH123 -- a device
        command = [sys.executable, "-m", "layerscope", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "layerscope: error: writing to standard output: No space left on device\n"
