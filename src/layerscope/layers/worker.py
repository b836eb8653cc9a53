"""Worker: a process of its own that reads layers, so that they do not wait for each other's interpreter lock.

Two threads that scan layers hold the lock in turns, tens of thousands of times a second; two processes do not meet.
A worker is forked, so that it has everything its parent had opened, and answers over a pipe.
"""

import os
import pickle
import signal
import struct
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, NoReturn

from layerscope.errors import SourceError
from layerscope.layers.limits import MIB

Advance = Callable[[int], None]
"""Told how many more bytes are done."""

Task = Callable[[int, Advance], object]
"""What a worker does with a number; what it returns or raises is pickled."""

REPORT_EVERY: Final = MIB
"""Bytes done between two messages on progress: a few hundred messages a second at most."""

PATIENCE: Final = 5.0
"""Seconds that a worker has to end when it is asked to; after that it is killed."""

_HEAD: Final = struct.Struct("<q")
"""Before an answer its size in bytes; a negative number stands alone and says how many bytes are done."""

_STOPPING: Final = frozenset({signal.SIGINT, signal.SIGTERM})


class StoppedError(Exception):
    """A worker was asked to stop, or its parent is gone."""


class WorkerLostError(SourceError):
    """A worker ended before it answered."""


class Worker:
    """One process, asked one thing at a time, by one thread."""

    def __init__(self, task: Task, *, others: Sequence["Worker"] = ()) -> None:
        """Fork a process that answers with `task`; it closes the pipes of `others`, which it has no business with."""
        questions, self._ask = os.pipe()
        self._answers, answer = os.pipe()
        self.ends = (self._ask, self._answers)
        foreign = [end for worker in (self, *others) for end in worker.ends]
        earlier = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        try:
            self.pid = os.fork()
            if not self.pid:
                _serve(task, questions, answer, foreign)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, earlier)
        os.close(questions)
        os.close(answer)

    def ask(self, number: int, advance: Advance) -> Any:
        """Return what the task returns for that number, or raise what it raises; raises WorkerLostError."""
        try:
            os.write(self._ask, _HEAD.pack(number))
            while True:
                (size,) = _HEAD.unpack(_read_exactly(self._answers, _HEAD.size))
                if size >= 0:
                    is_result, value = pickle.loads(_read_exactly(self._answers, size))  # noqa: S301 -- our own process
                    break
                advance(-size)
        except (EOFError, BrokenPipeError) as error:
            raise WorkerLostError(f"process {self.pid}, which was at work on it, has ended") from error
        if is_result:
            return value
        raise value

    def stop(self) -> None:
        """Ask it to stop whatever it is doing; whoever waits for its answer gets WorkerLostError."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def close(self) -> None:
        """Ask it nothing more, so that it ends; nobody may be waiting for its answer."""
        for end in self.ends:
            os.close(end)

    def wait(self) -> None:
        """Wait until it has ended, and kill it where it does not."""
        deadline, pause = time.monotonic() + PATIENCE, 0.001
        with suppress(ChildProcessError):  # whoever started us may have asked the kernel to reap our children
            while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                if time.monotonic() > deadline:
                    os.kill(self.pid, signal.SIGKILL)
                time.sleep(pause)
                pause = min(2 * pause, 0.05)


@contextmanager
def start_workers(task: Task, count: int) -> Iterator[list[Worker]]:
    """Yield that many workers; all have ended when the block has, and are stopped first where it fails."""
    workers: list[Worker] = []
    try:
        while len(workers) < count:
            workers.append(Worker(task, others=workers))
        yield workers
    except BaseException:
        for worker in workers:
            worker.stop()
        raise
    finally:
        for worker in workers:
            worker.close()
        for worker in workers:
            worker.wait()


def _serve(task: Task, questions: int, answer: int, foreign: Sequence[int]) -> NoReturn:
    """Answer until nobody asks any more; never returns into the code that forked."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which stops its workers
        signal.signal(signal.SIGTERM, _raise_stopped)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
        for descriptor in foreign:
            os.close(descriptor)
        _leave_terminal(questions, answer)
        while len(asked := os.read(questions, _HEAD.size)) == _HEAD.size:
            content = _answer(task, _HEAD.unpack(asked)[0], _Reporter(answer))
            _write_all(answer, _HEAD.pack(len(content)), content)
    except (StoppedError, BrokenPipeError):
        pass
    finally:
        os._exit(0)


def _leave_terminal(*kept: int) -> None:
    """Give up the parent's output, so that its reader sees the end when the parent ends; its input may be the image."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        if stream not in kept:
            os.dup2(nothing, stream)


def _answer(task: Task, number: int, advance: Advance) -> bytes:
    """The task's result or error, pickled; the error carries the worker's traceback as a note."""
    try:
        return pickle.dumps((True, task(number, advance)), pickle.HIGHEST_PROTOCOL)
    except StoppedError:
        raise
    except Exception as error:  # noqa: BLE001 -- raised again by the parent
        error.add_note("".join(traceback.format_exception(error)).rstrip())
        return pickle.dumps((False, _make_portable(error)), pickle.HIGHEST_PROTOCOL)


def _make_portable(error: Exception) -> Exception:
    """The error itself, or one that says the same where it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 -- what was pickled just now
    except Exception:  # noqa: BLE001 -- whatever a foreign class of errors does when it is made anew
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


class _Reporter:
    """Sends how many bytes are done, now and then; it may be called from any thread of the worker."""

    def __init__(self, answer: int) -> None:
        self._answer = answer
        self._unsaid = 0

    def __call__(self, amount: int) -> None:
        self._unsaid += amount
        if self._unsaid < REPORT_EVERY:
            return
        said, self._unsaid = self._unsaid, 0
        try:
            os.write(self._answer, _HEAD.pack(-said))
        except BrokenPipeError as error:
            raise StoppedError from error


def _raise_stopped(_signal: int, _frame: object) -> NoReturn:
    raise StoppedError


def _write_all(descriptor: int, *pieces: bytes) -> None:
    for piece in pieces:
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def _read_exactly(descriptor: int, size: int) -> bytes:
    """That many bytes; raises EOFError where there are fewer."""
    pieces = []
    while size:
        piece = os.read(descriptor, min(size, MIB))
        if not piece:
            raise EOFError
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
