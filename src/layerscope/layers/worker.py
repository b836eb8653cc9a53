"""Worker: a process of its own that reads layers, so that they do not wait for each other's interpreter lock.

Two threads that scanned an image of 180,000 entries gave way 27,000 times in 4.5 seconds; two processes do not meet.
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

_STOPPING: Final = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM})


class StoppedError(BaseException):
    """A worker was asked to stop, or its parent is gone; like KeyboardInterrupt it passes every handler of errors."""


class WorkerLostError(SourceError):
    """A worker ended before it answered."""


class Worker:
    """One process, asked one thing at a time, by one thread."""

    def __init__(self, task: Task, *, others: Sequence["Worker"] = ()) -> None:
        """Fork a process that answers with `task`; it closes the pipes of `others`, which it has no business with.

        Raises OSError where the host allows no further process or pipe.
        """
        questions, asking = os.pipe()
        try:
            answers, answering = os.pipe()
        except BaseException:
            os.close(questions)
            os.close(asking)
            raise
        self.ends = (asking, answers)
        foreign = [end for worker in (self, *others) for end in worker.ends]
        try:
            self.pid = os.fork()
            if not self.pid:
                _serve(task, questions, answering, foreign)
        except BaseException:
            self.close()
            raise
        finally:
            os.close(questions)
            os.close(answering)

    def ask(self, number: int, advance: Advance) -> Any:
        """Return what the task returns for that number, or raise what it raises; raises WorkerLostError."""
        self.begin(number)
        return self.await_answer(advance)

    def begin(self, number: int) -> None:
        """Let it begin with a number; raises WorkerLostError."""
        try:
            os.write(self.ends[0], _HEAD.pack(number))
        except BrokenPipeError as error:
            raise WorkerLostError(f"process {self.pid} has ended before it was asked") from error

    def await_answer(self, advance: Advance) -> Any:
        """Return or raise what the task does for the number that it began with; raises WorkerLostError."""
        answers = self.ends[1]
        try:
            while True:
                (size,) = _HEAD.unpack(_read_exactly(answers, _HEAD.size))
                if size >= 0:
                    is_result, value = pickle.loads(_read_exactly(answers, size))  # noqa: S301 -- our own process
                    break
                advance(-size)
        except EOFError as error:
            raise WorkerLostError(f"process {self.pid}, which was at work on it, has ended") from error
        if is_result:
            return value
        raise value

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it is still there; whoever waits for its answer gets WorkerLostError once it ends."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def has_ended(self) -> bool:
        """Whether the process has ended; it may still have to be waited for."""
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # whoever started us may have asked the kernel to reap our children
            return True

    def close(self) -> None:
        """Ask it nothing more, so that it ends; nobody may be waiting for its answer."""
        for end in self.ends:
            os.close(end)

    def reap(self) -> None:
        """Let the kernel forget a process that has ended."""
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


@contextmanager
def start_workers(task: Task, count: int) -> Iterator[list[Worker]]:
    """Yield that many workers; all have ended when the block has, and are stopped first where it fails.

    Raises OSError where the host allows no further process. One thread at a time may start workers: they inherit the
    pipes of those that another one is starting.
    """
    workers: list[Worker] = []
    earlier = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        try:
            while len(workers) < count:
                workers.append(Worker(task, others=workers))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, earlier)
        yield workers
    except BaseException:
        stop_workers(workers)
        raise
    finally:
        for worker in workers:
            worker.close()
        _await_end(workers)
        for worker in workers:
            worker.reap()


def stop_workers(workers: Sequence[Worker]) -> None:
    """Make workers stop whatever they are doing; all have ended afterwards."""
    _await_end(workers, asking=signal.SIGTERM)


def _await_end(workers: Sequence[Worker], *, asking: signal.Signals | None = None) -> None:
    """Wait until all have ended, and kill those that do not.

    They are asked again and again: a signal that comes between Python's look for signals and the call in which a worker
    waits is noticed with the next one.
    """
    deadline, pause = time.monotonic() + PATIENCE, 0.001
    while running := [worker for worker in workers if not worker.has_ended()]:
        number = signal.SIGKILL if time.monotonic() > deadline else asking
        if number is not None:
            for worker in running:
                worker.send(number)
        time.sleep(pause)
        pause = min(2 * pause, 0.05)


def _serve(task: Task, questions: int, answering: int, foreign: Sequence[int]) -> NoReturn:
    """Answer until nobody asks any more; never returns into the code that forked."""
    try:
        try:
            _answer_questions(task, questions, answering, foreign)
        finally:
            os._exit(0)
    except BaseException:  # noqa: BLE001 -- a signal in the very last moment must not lead out of here
        os._exit(0)


def _answer_questions(task: Task, questions: int, answering: int, foreign: Sequence[int]) -> None:
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):  # they reach the parent too, which stops its workers
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _raise_stopped)
    for descriptor in foreign:
        os.close(descriptor)
    _leave_terminal(questions, answering)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
    while len(asked := os.read(questions, _HEAD.size)) == _HEAD.size:
        reporter = _Reporter(answering)
        content = _answer(task, _HEAD.unpack(asked)[0], reporter)
        reporter.flush()
        _write_all(answering, _HEAD.pack(len(content)), content)
        del content


def _leave_terminal(*kept: int) -> None:
    """Give up the parent's output, so that its reader sees the end when the parent ends; its input may be the image."""
    with suppress(OSError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            if stream not in kept:
                os.dup2(nothing, stream)


def _answer(task: Task, number: int, advance: Advance) -> bytes:
    """The task's result or error, pickled; the error carries the worker's traceback as a note."""
    try:
        return pickle.dumps((True, task(number, advance)), pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 -- raised again by the parent
        portable = _make_portable(error)
        portable.add_note("".join(traceback.format_exception(error)).rstrip())
        return pickle.dumps((False, portable), pickle.HIGHEST_PROTOCOL)


def _make_portable(error: Exception) -> Exception:
    """The error itself, or one that says the same where it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 -- what was pickled just now
    except Exception:  # noqa: BLE001 -- whatever a foreign class of errors does when it is made anew
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


class _Reporter:
    """Sends how many bytes are done, now and then; it may be called from any thread of the worker, one at a time."""

    def __init__(self, answering: int) -> None:
        self._answering = answering
        self._unsaid = 0

    def __call__(self, amount: int) -> None:
        """Count bytes, and tell them if they are many."""
        self._unsaid += amount
        if self._unsaid >= REPORT_EVERY:
            self.flush()

    def flush(self) -> None:
        """Tell the bytes that were not told yet."""
        said, self._unsaid = self._unsaid, 0
        if said:
            try:
                os.write(self._answering, _HEAD.pack(-said))
            except BrokenPipeError as error:
                raise StoppedError from error


def _raise_stopped(_signal: int, _frame: object) -> NoReturn:
    """Stop, once: a second signal must not interrupt the clean-up."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise StoppedError


def _write_all(descriptor: int, *pieces: bytes) -> None:
    for piece in pieces:
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def _read_exactly(descriptor: int, size: int) -> bytearray:
    """That many bytes; raises EOFError where there are fewer."""
    content = bytearray(size)
    rest = memoryview(content)
    while rest:
        count = os.readv(descriptor, [rest])
        if not count:
            raise EOFError
        rest = rest[count:]
    return content
