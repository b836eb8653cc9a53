"""Stages hand chunks between threads in order, pass errors on, and end when told."""

import subprocess
import sys
import threading
from collections.abc import Generator, Iterator

import pytest

from layerscope.layers import stages
from layerscope.layers.stages import Sink, Stage


def test_chunks_arrive_in_order() -> None:
    """Every chunk comes out, once, in order."""
    chunks = [bytes([number % 256]) * 1000 for number in range(500)]
    with Stage(iter(chunks)) as stage:
        assert list(stage) == chunks


def test_an_error_comes_after_the_chunks_before_it() -> None:
    """What the producer raised is raised where its chunks are read."""

    def produce() -> Iterator[bytes]:
        yield b"first"
        raise OSError("the disk failed")

    with Stage(produce()) as stage:
        chunks = iter(stage)
        assert next(chunks) == b"first"
        with pytest.raises(OSError, match="disk failed"):
            next(chunks)


def test_a_producer_waits_for_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more bytes wait between two threads than the ceiling and one chunk."""
    monkeypatch.setattr(stages, "QUEUE_BYTES", 3000)
    produced = []
    full = threading.Event()

    def produce() -> Iterator[bytes]:
        for number in range(100):
            produced.append(number)
            if number == 3:
                full.set()
            yield bytes(1000)

    with Stage(produce()) as stage:
        assert full.wait(5)
        assert len(produced) == 4
        assert sum(map(len, stage)) == 100_000


def test_closing_ends_a_waiting_producer() -> None:
    """A reader that leaves early leaves no thread behind."""
    running = threading.Lock()

    def produce() -> Generator[bytes, None, None]:
        with running:
            for _ in range(9):
                yield bytes(stages.QUEUE_BYTES)

    with Stage(chunks := produce()) as stage:
        next(iter(stage))
        assert running.locked()
    chunks.close()
    assert not running.locked()


def test_a_sink_has_consumed_everything_when_it_ends() -> None:
    """Leaving a sink waits for its last chunk."""
    seen: list[bytes | memoryview] = []
    with Sink() as sink:
        for number in range(300):
            sink.put(seen.append, bytes([number % 256]))
    assert b"".join(seen) == bytes(number % 256 for number in range(300))


def test_what_a_consumer_raises_is_raised_where_chunks_come_from() -> None:
    """A hash that was not fed to its end must not pass for a digest, and nobody waits for ever."""

    def fail(_chunk: bytes | memoryview) -> None:
        raise MemoryError("no more")

    def feed(chunks: int, own: Exception | None = None) -> None:
        with Sink() as sink:
            for _ in range(chunks):
                sink.put(fail, bytes(1 << 20))
            if own is not None:
                raise own

    for chunks in (1, 3 * stages.QUEUE_BYTES >> 20):
        with pytest.raises(MemoryError, match="no more"):
            feed(chunks)
    with pytest.raises(OSError, match="first"):
        feed(1, OSError("first"))


INTERRUPTED = """
import random, signal
from layerscope.layers.stages import Sink, Stage

class Stopped(BaseException):
    pass

def stop(number, frame):
    raise Stopped

signal.signal(signal.SIGALRM, stop)
chance, stopped = random.Random(7), 0
for _ in range(300):
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0002, 0.004))
            with Stage(bytes(1 << 16) for _ in range(400)) as stage, Sink() as first, Sink() as second:
                for chunk in stage:
                    first.put(len, chunk)
                    second.put(len, chunk)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except Stopped:
        stopped += 1
print(stopped)
"""


def test_a_signal_wherever_it_strikes_leaves_nobody_waiting() -> None:
    """Neither who reads nor who writes waits for a lock that nobody gives back; a hang ends by the deadline."""
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 100
