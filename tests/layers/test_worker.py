"""A worker answers like a call, and whatever happens to it or its parent, neither waits for the other for ever."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.errors import LimitError
from layerscope.layers import worker as worker_module
from layerscope.layers.worker import (
    PATIENCE,
    REPORT_EVERY,
    Advance,
    Worker,
    WorkerLostError,
    start_workers,
    stop_workers,
)


def ignore(_amount: int) -> None:
    """Progress that nobody watches."""


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for something that is bound to happen."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_worker_answers_in_a_process_of_its_own() -> None:
    """Each question has its answer, and the work is done elsewhere."""
    with start_workers(lambda number, _: (2 * number, os.getpid()), 2) as workers:
        answers = [worker.ask(number, ignore) for worker in workers for number in (1, -7, 2**40)]
    assert [value for value, _ in answers] == [2, -14, 2**41] * 2
    assert {pid for _, pid in answers} == {worker.pid for worker in workers}
    assert os.getpid() not in {worker.pid for worker in workers}


def test_an_answer_may_be_large() -> None:
    """Megabytes pass through the pipe whole."""
    content = os.urandom(5_000_000)
    with start_workers(lambda _number, _: content, 1) as (worker,):
        assert worker.ask(0, ignore) == content


def test_progress_arrives_before_the_answer() -> None:
    """Bytes are told in lumps, and all of them before the work is over."""
    heard: list[int] = []

    def work(number: int, advance: Advance) -> str:
        for _ in range(number):
            advance(REPORT_EVERY // 2)
        return "done"

    with start_workers(work, 1) as (worker,):
        assert worker.ask(7, heard.append) == "done"
    assert heard == [*[REPORT_EVERY] * 3, REPORT_EVERY // 2]


def test_errors_are_raised_where_the_question_was_asked() -> None:
    """An error keeps its type, its words, and where in the worker it came from."""

    def refuse(number: int, _advance: Advance) -> object:
        raise LimitError(f"layer {number} is too large")

    with start_workers(refuse, 1) as (worker,):
        for number in (3, 4):
            with pytest.raises(LimitError, match=f"layer {number} is too large") as caught:
                worker.ask(number, ignore)
            assert "in refuse" in caught.value.__notes__[0]


def test_an_error_that_cannot_travel_is_told_in_words() -> None:
    """A foreign error whose class cannot be made anew arrives as what it said."""

    class OddError(Exception):
        def __init__(self, one: int, two: int) -> None:
            super().__init__(f"{one} and {two}")

    def fail(_number: int, _advance: Advance) -> object:
        raise OddError(1, 2)

    with start_workers(fail, 1) as (worker,), pytest.raises(RuntimeError, match="OddError: 1 and 2") as caught:
        worker.ask(0, ignore)
    assert "in fail" in caught.value.__notes__[0]


def test_a_worker_that_dies_is_missed_at_once() -> None:
    """Whoever waits for a killed worker is told, and the next question too."""

    def die(_number: int, _advance: Advance) -> object:
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    with start_workers(die, 1) as (worker,):
        for _ in range(2):
            with pytest.raises(WorkerLostError, match=f"process {worker.pid}"):
                worker.ask(0, ignore)


@pytest.mark.parametrize("signals", [0, 3])
def test_a_failing_block_stops_its_workers(signals: int) -> None:
    """Work that would take for ever is broken off, its clean-up done in peace, and no process stays."""
    began, cleaned = os.pipe(), os.pipe()

    def hang(_number: int, _advance: Advance) -> object:
        try:
            os.write(began[1], b"x")
            time.sleep(600)
        finally:
            time.sleep(0.2)
            os.write(cleaned[1], b"x")
        return None

    seen: list[Worker] = []
    lost: list[bool] = []

    def ask(worker: Worker) -> None:
        try:
            worker.ask(0, ignore)
        except WorkerLostError:
            lost.append(True)

    def fail() -> None:
        with start_workers(hang, 2) as workers:
            seen.extend(workers)
            thread = threading.Thread(target=ask, args=(workers[0],))
            thread.start()
            assert os.read(began[0], 1) == b"x"
            try:
                raise KeyboardInterrupt
            finally:
                for _ in range(signals):
                    workers[0].send(signal.SIGTERM)
                    time.sleep(0.02)
                stop_workers(workers)
                thread.join()

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        fail()
    assert lost == [True]
    assert os.read(cleaned[0], 1) == b"x"
    assert not any(is_running(worker.pid) for worker in seen)
    assert time.monotonic() - start < PATIENCE


def test_an_idle_worker_is_stopped_with_its_block() -> None:
    """A block that fails need not stop its workers itself."""
    seen: list[Worker] = []

    def fail() -> None:
        with start_workers(lambda number, _: number, 2) as workers:
            seen.extend(workers)
            raise ValueError("no reason")

    with pytest.raises(ValueError, match="no reason"):
        fail()
    assert not any(is_running(worker.pid) for worker in seen)


def test_a_worker_that_does_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it longer than patience lasts."""
    monkeypatch.setattr(worker_module, "PATIENCE", 0.2)

    def ignore_everything(_number: int, _advance: Advance) -> object:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
        return None

    with start_workers(ignore_everything, 1) as workers:
        thread = threading.Thread(target=pytest.raises, args=(WorkerLostError, workers[0].ask, 0, ignore))
        thread.start()
        time.sleep(0.2)
        stop_workers(workers)
        thread.join()
    assert not is_running(workers[0].pid)


def test_a_host_that_allows_no_process_leaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipes are closed again, and the workers that were started before have ended."""
    fork, pids = os.fork, list[int]()

    def fork_once() -> int:
        if pids:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        pid = fork()
        pids.append(pid)
        return pid

    monkeypatch.setattr(os, "fork", fork_once)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(BlockingIOError), start_workers(lambda number, _: number, 2):
        pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert not is_running(pids[0])


def test_a_worker_ignores_interrupts(capfd: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C reaches every process of a terminal; only the parent decides what it means."""

    def interrupt(_number: int, _advance: Advance) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        os.write(1, b"a worker has no standard output")
        return "still here"

    with start_workers(interrupt, 1) as (worker,):
        assert worker.ask(0, ignore) == "still here"
    assert capfd.readouterr() == ("", "")


ORPHAN = """
import os, signal, sys, time
from layerscope.layers.worker import REPORT_EVERY, start_workers

def work(number, advance):
    while True:
        advance(REPORT_EVERY)
        time.sleep(0.01)

with start_workers(work, 2) as workers:
    import threading
    for worker in workers:
        threading.Thread(target=worker.ask, args=(0, lambda amount: None), daemon=True).start()
    print(*(worker.pid for worker in workers), flush=True)
    time.sleep(600)
"""


def test_workers_end_with_their_parent() -> None:
    """A parent that is killed leaves no process, and its output is closed at once."""
    parent = subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    parent.kill()
    out, _ = parent.communicate(timeout=20)
    assert out == ""
    wait_until(lambda: not any(map(is_running, pids)))
