"""A builder's lines as they come, its exit code, and its end where a person stops it."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from layerscope.errors import EngineError
from layerscope.fixes.builds.running import LONGEST_LINE, run_builder


def run(script: str) -> tuple[int, list[str]]:
    """Run a shell script as if it were a builder."""
    lines: list[str] = []
    code = run_builder(["/bin/sh", "-c", script], dict(os.environ), lines.append)
    return code, lines


def test_lines_come_in_order_from_both_streams() -> None:
    """With the exit code; progress that is drawn over itself is a line each time."""
    code, lines = run("echo one; echo two >&2; printf '10%%\\r20%%\\r\\nend'; exit 3")
    assert (code, lines) == (3, ["one", "two", "10%", "20%", "end"])


def test_a_line_is_told_as_soon_as_it_is_there() -> None:
    """Not when the builder ends."""
    times: list[float] = []
    run_builder(["/bin/sh", "-c", "echo one; sleep 0.5; echo two"], {}, lambda _: times.append(time.monotonic()))
    assert times[1] - times[0] > 0.3


def test_a_line_without_an_end_is_cut() -> None:
    """So that no builder fills the memory."""
    code, lines = run(f"head -c {5 * LONGEST_LINE} /dev/zero | tr '\\0' x; printf '\\377'")
    assert code == 0
    assert sum(map(len, lines)) == 5 * LONGEST_LINE + 1
    assert max(map(len, lines)) < 6 * LONGEST_LINE
    assert lines[-1].endswith("\N{REPLACEMENT CHARACTER}")


def test_a_program_that_does_not_start_is_told() -> None:
    """With its name."""
    with pytest.raises(EngineError, match="starting /no/such/program: No such file"):
        run_builder(["/no/such/program"], {}, print)


@pytest.mark.parametrize("is_stubborn", [False, True])
def test_ctrl_c_stops_the_builder_and_what_it_started(
    is_stubborn: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked first, may clean up, and is killed where it does not end."""
    monkeypatch.setattr(
        "layerscope.fixes.builds.running.STOPS", ((signal.SIGINT, 2.0), (signal.SIGTERM, 0.2), (signal.SIGKILL, 5.0))
    )
    answer = "" if is_stubborn else f"touch {tmp_path}/cleaned; exit 1"
    script = f"trap '{answer}' INT; trap '' TERM; echo $$; while :; do sleep 0.1; echo still; done"
    seen: list[str] = []

    def listen(line: str) -> None:
        seen.append(line)
        if len(seen) == 2:
            threading.Timer(0.1, signal.raise_signal, [signal.SIGINT]).start()

    with pytest.raises(KeyboardInterrupt):
        run_builder(["/bin/sh", "-c", script], dict(os.environ), listen)
    assert (tmp_path / "cleaned").exists() is not is_stubborn
    with pytest.raises(ProcessLookupError):
        os.kill(int(seen[0]), 0)


def test_a_builder_gets_no_input() -> None:
    """It must not wait for a person, nor take what is piped to layerscope."""
    assert run_builder([sys.executable, "-c", "import sys; sys.exit(len(sys.stdin.read()))"], {}, print) == 0


def test_a_second_signal_hurries_and_leaves_no_builder(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where CI cancels by one and, soon after, by another."""
    stops = ((signal.SIGINT, 60.0), (signal.SIGTERM, 60.0), (signal.SIGKILL, 5.0))
    monkeypatch.setattr("layerscope.fixes.builds.running.STOPS", stops)
    script = "trap '' INT TERM; echo $$; while :; do sleep 0.1; echo still; done"
    seen: list[str] = []
    begun = time.monotonic()

    def listen(line: str) -> None:
        seen.append(line)
        for seconds in (0.1, 0.6, 1.2) if len(seen) == 1 else ():
            threading.Timer(seconds, signal.raise_signal, [signal.SIGINT]).start()

    with pytest.raises(KeyboardInterrupt):
        run_builder(["/bin/sh", "-c", script], dict(os.environ), listen)
    assert time.monotonic() - begun < 60
    with pytest.raises(ProcessLookupError):
        os.kill(int(seen[0]), 0)
