"""HeldSignals: signals that would end the work wait for a moment in which what they end could not be ended cleanly."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Final, Self

_STOPPING: Final = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


class HeldSignals:
    """From its beginning to `release`, or to its end, signals with a handler are noted; those are heeded by then.

    Where it ends by an error they are forgotten: what they ask for is being done. Outside of the main thread, where no
    handler runs, nothing is held. Handlers are not inherited by what is started meanwhile: it gets the defaults, and
    goes on ignoring what is ignored.
    """

    def __init__(self) -> None:
        """Nothing is held yet."""
        self._earlier: dict[int, Any] = {}
        self._came: list[int] = []

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _STOPPING:
                if callable(handler := signal.getsignal(number)):
                    self._earlier[number] = handler
                    signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.release()
        self._restore()

    @property
    def count(self) -> int:
        """How many came, and are not heeded yet."""
        return len(self._came)

    def release(self) -> None:
        """Heed what came, and whatever comes from now on."""
        self._restore()
        came, self._came = self._came, []
        for number in came:
            signal.raise_signal(number)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._came.append(number)

    def _restore(self) -> None:
        for number, handler in self._earlier.items():
            signal.signal(number, handler)
        self._earlier = {}
