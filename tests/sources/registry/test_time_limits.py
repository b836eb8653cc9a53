"""The time limits as they stand, which tests of hostile registries shorten: they are in use, and so is their sum."""

import threading
from collections.abc import Callable
from typing import Any, Final

import pytest
import urllib3

from layerscope.sources.registry import blob_stream, connections, contents, pools, transport
from layerscope.sources.registry.client import RegistryClient
from layerscope.sources.registry.endpoint import Endpoint
from layerscope.sources.registry.retry_wait import LONGEST_WAIT
from support.registry_server import Registry

MINUTE: Final = 60.0
HEADS: Final = (transport.MAX_REDIRECTS + 1) * (pools.CONNECT_SECONDS + connections.HEAD_SECONDS)
"""One try until its answer begins, where every redirect takes all of its time."""
DOCUMENT: Final = transport.RETRY_SECONDS + LONGEST_WAIT + HEADS + transport.DOCUMENT_SECONDS
"""One document: its last try begins a wait after the limit for tries, and its answer drips."""


def test_everything_ends() -> None:
    """A document, all documents of an image, a layer that sends nothing more, and one that hardly sends anything."""
    assert DOCUMENT <= 15 * MINUTE
    assert contents.DOCUMENTS_SECONDS + DOCUMENT <= 25 * MINUTE
    assert blob_stream.STALL_SECONDS + LONGEST_WAIT + HEADS + connections.READ_SECONDS <= 15 * MINUTE
    assert 2 * blob_stream.WINDOW_SECONDS + connections.READ_SECONDS <= 6 * MINUTE


def test_the_limits_are_in_use(demo: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every head of an answer has its timer, and every request its time-outs."""
    timers: list[float] = []
    timeouts: list[tuple[object, object]] = []

    class Timer(threading.Timer):
        def __init__(self, interval: float, function: Callable[[], None]) -> None:
            timers.append(interval)
            super().__init__(interval, function)

    class Timeout(urllib3.Timeout):
        def __init__(self, **named: Any) -> None:
            timeouts.append((named["connect"], named["read"]))
            super().__init__(**named)

    monkeypatch.setattr(threading, "Timer", Timer)
    monkeypatch.setattr(urllib3, "Timeout", Timeout)
    RegistryClient(Endpoint("http", demo.address), "team/demo", lambda: None, {}).read_manifest("1")
    assert timers == [connections.HEAD_SECONDS]
    assert set(timeouts) == {(pools.CONNECT_SECONDS, connections.READ_SECONDS)}
