"""How long is waited before a request is sent again."""

import time
from email.utils import formatdate

import pytest

from layerscope.sources.registry import retry_wait
from layerscope.sources.registry.retry_wait import LONGEST_WAIT, parse_retry_after, wait_before_retry

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("99999", 99999.0),
        ("9" * 5000, 0.0),
        (formatdate(NOW + 12, usegmt=True), 12.0),
        (formatdate(NOW - 12, usegmt=True), 0.0),
        ("Fri, 31 Dec 99999 23:59:59 GMT", 0.0),
        ("Fri, 99 Foo 2023 99:99:99 GMT", 0.0),
        ("-5", 0.0),
        ("soon", 0.0),
        ("", 0.0),
    ],
)
def test_a_server_says_it_in_seconds_or_by_a_date(text: str, seconds: float) -> None:
    """What cannot be read, or is over, asks for nothing."""
    assert parse_retry_after(text, now=NOW) == seconds


def test_a_far_date_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A near one is; never longer than the limit."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(retry_wait, "LONGEST_WAIT", LONGEST_WAIT)
    wait_before_retry(0, formatdate(time.time() + 20, usegmt=True))
    wait_before_retry(0, "Fri, 31 Dec 9999 23:59:59 GMT")
    wait_before_retry(0)
    assert 15 < slept[0] <= 21
    assert slept[1] == LONGEST_WAIT
    assert slept[2] <= 0.3
