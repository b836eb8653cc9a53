"""Stages: an iterator moved to a thread of its own, with a bounded queue between it and who reads on.

Inflating, hashing and decoding release the interpreter lock, so two stages of one layer use two cores.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from layerscope.layers.limits import MIB

Chunk = bytes | memoryview
Consume = Callable[[Chunk], object]

QUEUE_BYTES = 16 * MIB
"""Bytes that may wait between two stages; enough to hide that one of them is slow for a moment."""


class Stage:
    """Chunks produced in a thread, read here; closing it stops the thread whatever it is doing with its chunks."""

    def __init__(self, chunks: Iterator[bytes], *, name: str) -> None:
        """Start producing at once."""
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._ended = False
        self._closed = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._produce, args=(chunks,), name=name, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        """The chunks in order; an error of the producer is raised here, after the chunks before it."""
        while True:
            with self._changed:
                while not self._waiting and not self._ended:
                    self._changed.wait()
                if not self._waiting:
                    break
                chunk = self._waiting.popleft()
                self._bytes -= len(chunk)
                self._changed.notify_all()
            yield chunk
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Stop the producer and wait for it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _produce(self, chunks: Iterator[bytes]) -> None:
        try:
            for chunk in chunks:
                with self._changed:
                    while self._bytes and self._bytes + len(chunk) > QUEUE_BYTES and not self._closed:
                        self._changed.wait()
                    if self._closed:
                        return
                    self._waiting.append(chunk)
                    self._bytes += len(chunk)
                    self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001 - raised again by the reader
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()


class Sink:
    """Work on chunks, such as hashing, in a thread of its own."""

    def __init__(self, *, name: str) -> None:
        """Start waiting for chunks."""
        self._waiting: deque[tuple[Consume, Chunk] | None] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._is_finished = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

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
        with self._changed:
            while self._bytes and self._bytes + len(chunk) > QUEUE_BYTES:
                self._changed.wait()
            self._waiting.append((consume, chunk))
            self._bytes += len(chunk)
            self._changed.notify_all()

    def finish(self) -> None:
        """Wait until every chunk is consumed, and raise what that raised; nothing may be handed over afterwards."""
        self._end()
        self._raise()

    def _end(self) -> None:
        with self._changed:
            self._is_finished = True
            self._waiting.append(None)
            self._changed.notify_all()
        self._thread.join()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                work = self._waiting.popleft()
            if work is None:
                return
            consume, chunk = work
            try:
                if self._error is None:
                    consume(chunk)
            except BaseException as error:  # noqa: BLE001 - raised again where chunks come from
                self._error = error
            with self._changed:
                self._bytes -= len(chunk)
                self._changed.notify_all()
