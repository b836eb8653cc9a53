"""Signals wait where they would leave something behind."""

import os
import signal
from collections.abc import Iterator

import pytest

from layerscope.held_signals import HeldSignals


class StoppedError(Exception):
    """What the handler of a test raises."""


@pytest.fixture(autouse=True)
def _handler() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise StoppedError

    earlier = signal.signal(signal.SIGTERM, stop)
    yield
    signal.signal(signal.SIGTERM, earlier)


def test_a_signal_waits_until_it_is_released() -> None:
    """And is heeded then, once."""
    reached = []
    with HeldSignals() as held:
        os.kill(os.getpid(), signal.SIGTERM)
        reached.append("begun")
        with pytest.raises(StoppedError):
            held.release()
        held.release()
    assert reached == ["begun"]


def test_one_that_comes_later_is_heeded_at_once() -> None:
    """The handler is that of before."""
    with HeldSignals() as held:
        held.release()
        with pytest.raises(StoppedError):
            os.kill(os.getpid(), signal.SIGTERM)


def test_what_is_not_released_is_given_back() -> None:
    """As where what was to be started could not be."""
    before = signal.getsignal(signal.SIGTERM)
    with HeldSignals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
