"""Work is ended when its time is over, and is left alone otherwise."""

import signal
import time

import pytest

from layerscope.cli.time_limit import OutOfTimeError, limit_time


def sleep(cleaned: list[str]) -> None:
    """Work that takes far too long."""
    with limit_time(0.05):
        try:
            time.sleep(20)
        except Exception:  # noqa: BLE001 -- what must not catch it
            cleaned.append("handled")
        finally:
            cleaned.append("cleaned")


def test_work_that_takes_too_long_is_ended() -> None:
    """With every clean-up on its way, and past handlers of errors."""
    cleaned: list[str] = []
    with pytest.raises(OutOfTimeError):
        sleep(cleaned)
    assert cleaned == ["cleaned"]


@pytest.mark.parametrize("seconds", [None, 60.0])
def test_work_in_time_leaves_nothing_behind(seconds: float | None) -> None:
    """No alarm rings later, and the handler is the one that was there."""
    before = signal.getsignal(signal.SIGALRM)
    with limit_time(seconds):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before
