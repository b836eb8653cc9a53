"""Stages: an iterator moved to a thread of its own, with a bounded queue between it and who reads on.

Inflating, hashing and decoding release the interpreter lock, so two stages of one layer use two cores. The threads
share no lock of Python's: Ctrl-C that strikes where one is taken would leave it taken, and both would wait for ever.
"""

from collections.abc import Callable, Iterator
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from layerscope.layers.bare_threads import BareThreads, put_surely
from layerscope.layers.limits import MIB

Chunk = bytes | memoryview
Consume = Callable[[Chunk], object]

QUEUE_BYTES = 16 * MIB
"""Bytes that may wait between two stages; enough to hide that one of them is slow for a moment."""


class Stage:
    """Chunks produced in a thread, read here; closing it stops the thread whatever it is doing with its chunks."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        """Start producing at once; raises RuntimeError where the host allows no further thread."""
        self._chunks = chunks
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._taken: SimpleQueue[int] = SimpleQueue()
        self._is_closed = False
        self._error: BaseException | None = None
        self._thread = BareThreads(self._produce)
        _start(self._thread)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        """The chunks in order; an error of the producer is raised here, after the chunks before it."""
        while (chunk := self._waiting.get()) is not None:
            self._taken.put(len(chunk))
            yield chunk
        self._waiting.put(None)  # for whoever asks again
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Stop the producer and wait for it."""
        self._is_closed = True
        put_surely(self._taken, 0)
        self._thread.join()

    def _produce(self) -> None:
        count = 0
        try:
            for chunk in self._chunks:
                while count and count + len(chunk) > QUEUE_BYTES and not self._is_closed:
                    count -= self._taken.get()
                if self._is_closed:
                    return
                self._waiting.put(chunk)
                count += len(chunk)
        except BaseException as error:  # noqa: BLE001 - raised again by the reader
            self._error = error
        finally:
            put_surely(self._waiting, None)


class Sink:
    """Work on chunks, such as hashing, in a thread of its own; one other thread hands them over."""

    def __init__(self) -> None:
        """Start waiting for chunks; raises RuntimeError where the host allows no further thread."""
        self._waiting: SimpleQueue[tuple[Consume, Chunk] | None] = SimpleQueue()
        self._consumed: SimpleQueue[int] = SimpleQueue()
        self._bytes = 0
        self._is_finished = False
        self._error: BaseException | None = None
        self._thread = BareThreads(self._run)
        _start(self._thread)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        if error is None:
            self._raise()

    def put(self, consume: Consume, chunk: Chunk) -> None:
        """Have a chunk consumed, unchanged, after those before it; waits while they are too many bytes.

        Raises what consuming an earlier one raised.
        """
        assert not self._is_finished, "a finished sink takes nothing"
        self._raise()
        while self._bytes and self._bytes + len(chunk) > QUEUE_BYTES:
            self._bytes -= self._consumed.get()
        self._waiting.put((consume, chunk))
        self._bytes += len(chunk)

    def finish(self) -> None:
        """Wait until every chunk is consumed, and raise what that raised; nothing may be handed over afterwards."""
        self._end()
        self._raise()

    def _end(self) -> None:
        self._is_finished = True
        put_surely(self._waiting, None)
        self._thread.join()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (work := self._waiting.get()) is not None:
            consume, chunk = work
            try:
                if self._error is None:
                    consume(chunk)
            except BaseException as error:  # noqa: BLE001 - raised again where chunks come from
                self._error = error
            put_surely(self._consumed, len(chunk))


def _start(thread: BareThreads) -> None:
    if not thread.start(1):
        raise RuntimeError("can't start new thread")
