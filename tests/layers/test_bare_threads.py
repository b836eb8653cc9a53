"""Threads that are started, interrupted and waited for without a lock of Python's."""

import time
from _thread import start_new_thread
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest

from layerscope.layers import bare_threads
from layerscope.layers.bare_threads import BareThreads


def test_all_have_ended_when_they_were_waited_for() -> None:
    """Each does its work once."""
    done: list[float] = []

    def work() -> None:
        time.sleep(0.05)
        done.append(time.monotonic())

    threads = BareThreads(work)
    assert threads.start(3) == 3
    threads.join()
    assert len(done) == 3


def test_what_an_interrupted_start_left_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C strikes when the second was started and is not counted yet: it ends, as the first does, without work."""
    done: list[None] = []
    ended: list[bool] = []

    def start(run: Callable[[], object], given: tuple[()]) -> int:
        def run_to_end() -> None:
            run()
            ended.append(True)

        started.append(start_new_thread(run_to_end, given))
        if len(started) == 2:
            raise KeyboardInterrupt
        return started[-1]

    started: list[int] = []
    monkeypatch.setattr(bare_threads, "start_new_thread", start)
    threads = BareThreads(lambda: done.append(None))
    with pytest.raises(KeyboardInterrupt):
        threads.start(3)
    threads.join()
    while len(ended) < 2:
        time.sleep(0.001)
    assert done == []


@pytest.mark.parametrize("is_let_go", [False, True])
def test_threads_that_were_just_let_go_are_waited_for(monkeypatch: pytest.MonkeyPatch, is_let_go: bool) -> None:
    """Ctrl-C strikes at the very end of the start, before or after they may work: all have ended after the wait."""
    done: list[None] = []

    def work() -> None:
        time.sleep(0.05)
        done.append(None)

    threads = BareThreads(work)
    gate = threads._may_work

    def put(value: bool) -> None:
        if is_let_go:
            gate.put(value)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(threads, "_may_work", _Gate(gate.get, put))
        with pytest.raises(KeyboardInterrupt):
            threads.start(3)
    threads.join()
    assert len(done) == 3


class _Gate:
    """A queue whose put is another."""

    def __init__(self, get: Callable[[], bool], put: Callable[[bool], None]) -> None:
        self.get = get
        self.put = put


def test_as_many_are_started_as_the_host_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third is refused: two do the work."""
    started: list[int] = []
    done: list[None] = []

    def start(run: Callable[[], object], given: tuple[()]) -> int:
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        started.append(start_new_thread(run, given))
        return started[-1]

    monkeypatch.setattr(bare_threads, "start_new_thread", start)
    threads = BareThreads(lambda: done.append(None))
    assert threads.start(5) == 2
    threads.join()
    assert len(done) == 2


def test_what_somebody_waits_for_is_put_again_until_there_is_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """An end that nobody is told of would be waited for for ever."""
    refusals = iter([True, True, False])

    class Full(SimpleQueue[Any]):
        """Has no memory at first."""

        def put(self, item: object, block: bool = True, timeout: float | None = None) -> None:
            """Put it when there is."""
            if next(refusals):
                raise MemoryError
            super().put(item)

    monkeypatch.setattr(bare_threads, "RETRY", 0)
    queue = Full()
    bare_threads.put_surely(queue, "end")
    assert queue.get_nowait() == "end"
    assert next(refusals, None) is None
