"""Runs one command and measures its wall time, its CPU time and its peak memory."""

import os
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

RSS_UNIT = 1024  # Linux reports ru_maxrss in KiB
WATCH_SECONDS = 0.02


class MeasureError(Exception):
    """A measured command ended in a way that makes its time meaningless."""


@dataclass(frozen=True)
class Command:
    """What is run: its arguments, what it adds to the environment, and how its end is judged."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    accepted: frozenset[int] = frozenset({0})
    until: str | None = None  # the run is measured up to the line of output that holds this text, then ended
    stdin: Path | None = None


@dataclass(frozen=True)
class Measurement:
    """One run: seconds of wall time, seconds of CPU time, peak resident bytes of all its processes together."""

    wall: float
    cpu: float
    peak: int

    def __add__(self, later: "Measurement") -> "Measurement":
        """Both runs, one after the other."""
        return Measurement(self.wall + later.wall, self.cpu + later.cpu, max(self.peak, later.peak))


@dataclass(frozen=True)
class Series:
    """Several runs of one command on one input."""

    runs: tuple[Measurement, ...]

    @property
    def wall(self) -> float:
        """The median wall time in seconds."""
        return statistics.median(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        """The median CPU time in seconds."""
        return statistics.median(run.cpu for run in self.runs)

    @property
    def peak(self) -> int:
        """The highest peak memory of any run, in bytes."""
        return max(run.peak for run in self.runs)


class MemoryWatch(threading.Thread):
    """Looks every now and then at what a process and its children hold; what they share is counted for each."""

    def __init__(self, pid: int) -> None:
        """Watch the process of that number until `over` is set."""
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.peak = 0
        self._pid = pid

    def run(self) -> None:
        """Look and remember the most."""
        while not self.over.wait(WATCH_SECONDS):
            with suppress(OSError):
                children = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()
                self.peak = max(self.peak, sum(map(_resident_bytes, [str(self._pid), *children])))


def _resident_bytes(pid: str) -> int:
    """What a process holds in memory; nothing once it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    except OSError:
        return 0


def measure(command: Command) -> Measurement:
    """Run a command to its end, or to its marker, and return what it took.

    Everything that the command starts and waits for is counted: the times are those of the operating system's wait4,
    the peak is its too, or what its processes were seen to hold together, if that is more. The output is thrown away;
    the last lines of standard error appear in the error of a failed run.
    """
    with (command.stdin or Path(os.devnull)).open("rb") as stdin, tempfile.TemporaryFile() as talk:
        started = time.perf_counter()
        process = subprocess.Popen(
            command.arguments,
            env={**os.environ, **command.environment},
            stdin=stdin,
            stdout=subprocess.PIPE if command.until else subprocess.DEVNULL,
            stderr=talk,
            start_new_session=True,
        )
        watch = MemoryWatch(process.pid)
        watch.start()
        try:
            reached = _read_to_marker(process, command.until) if command.until else None
            stopped = time.perf_counter()
            if reached:
                os.killpg(process.pid, signal.SIGKILL)
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            _end(process)
            raise
        finally:
            watch.over.set()
            watch.join()
        wall = (stopped if reached else time.perf_counter()) - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if not reached and (command.until or process.returncode not in command.accepted):
            raise MeasureError(_describe_failure(command, process.returncode, talk))
    return Measurement(wall, usage.ru_utime + usage.ru_stime, max(usage.ru_maxrss * RSS_UNIT, watch.peak))


def compare_pairs(mine: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """The median, lowest and highest of theirs divided by mine, taken pair by pair."""
    pairs = [other / own for own, other in zip(mine, theirs, strict=True)]
    return statistics.median(pairs), min(pairs), max(pairs)


def _read_to_marker(process: subprocess.Popen[bytes], marker: str) -> bool:
    assert process.stdout is not None
    with process.stdout as lines:
        return any(marker.encode() in line for line in lines)


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(process.pid, 0)
    process.returncode = -signal.SIGKILL


def _describe_failure(command: Command, code: int, talk: IO[bytes]) -> str:
    talk.seek(0)
    last = " | ".join(talk.read().decode(errors="replace").strip().splitlines()[-3:])
    expected = f"a line with {command.until!r}" if command.until else f"exit code in {sorted(command.accepted)}"
    return f"measuring {' '.join(command.arguments)}: exit code {code}, expected {expected}: {last}"
