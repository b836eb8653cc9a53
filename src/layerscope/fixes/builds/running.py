"""A builder as it runs: its lines as they come, and its end, also where it is stopped."""

import codecs
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import IO, Final

from layerscope.errors import EngineError
from layerscope.held_signals import HeldSignals

CHUNK: Final = 1 << 16
LONGEST_LINE: Final = 1 << 14
"""Characters of a line; what goes on is told as another line."""

STOPS: Final = ((signal.SIGINT, 15.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
"""How a builder is asked to end, and how many seconds it has: by itself it removes what it has begun."""


def run_builder(command: Sequence[str], environment: Mapping[str, str], listen: Callable[[str], None]) -> int:
    """Run a builder to its end, tell each line of its output, and return its exit code; raises EngineError.

    It has a session of its own: Ctrl-C comes here first, and the builder is then told to stop and waited for. A signal
    that comes while it is started waits until it can be stopped.
    """
    with HeldSignals() as held:
        process = _start(command, environment)
        assert process.stdout is not None, "its output goes into a pipe"
        with process.stdout as output:
            try:
                held.release()
                for line in _iter_lines(output):
                    listen(line)
                return process.wait()
            except BaseException:
                with HeldSignals() as more:
                    _stop(process, output, more)
                raise


def _start(command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(  # noqa: S603 - the engine's own program
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError(f"starting {command[0]}: {error.strerror}") from error


def _iter_lines(output: IO[bytes]) -> Iterator[str]:
    """Every line; a carriage return ends one, too, as where progress is drawn over itself."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    while chunk := os.read(output.fileno(), CHUNK):
        *lines, rest = (rest + decoder.decode(chunk)).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        yield from (line[start : start + LONGEST_LINE] for line in lines for start in _iter_starts(line))
        if len(rest) > LONGEST_LINE:
            yield rest
            rest = ""
    if rest:
        yield rest


def _iter_starts(line: str) -> range:
    return range(0, max(len(line), 1), LONGEST_LINE)


def _stop(process: subprocess.Popen[bytes], output: IO[bytes], more: HeldSignals) -> None:
    """End the builder and what it started, the gentlest way first; each further signal asks for the next way."""
    for number, seconds in STOPS:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        if _has_ended(process, output, seconds, more):
            return


def _has_ended(process: subprocess.Popen[bytes], output: IO[bytes], seconds: float, more: HeldSignals) -> bool:
    """Whether it ends in that time; what it prints meanwhile is read, so that nothing holds it up."""
    deadline, count = time.monotonic() + seconds, more.count
    while process.poll() is None:
        left = deadline - time.monotonic()
        if left <= 0 or more.count > count:
            return False
        if select.select([output], [], [], min(left, 0.1))[0] and not os.read(output.fileno(), CHUNK):
            time.sleep(0.05)
    return True
