"""Engines that keep no output of their containers."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from layerscope.engine.client import connect
from layerscope.engine.log_driver import read_log_driver, tell_lost_logs
from support.engine_stub import EngineStub, run_engine


@pytest.fixture
def stub() -> Iterator[EngineStub]:
    """An engine."""
    with TemporaryDirectory(prefix="ls") as folder, run_engine(Path(folder)) as engine:
        yield engine


def tell(stub: EngineStub) -> str:
    """What is said of it."""
    with connect(stub.endpoint) as engine:
        return tell_lost_logs(engine)


def test_an_engine_that_keeps_no_log_is_told(stub: EngineStub) -> None:
    """With what to do about it."""
    stub.info = {"LoggingDriver": "none"}
    assert "`docker logs` shows nothing" in tell(stub)
    assert "log-driver in daemon.json" in tell(stub)


@pytest.mark.parametrize("driver", ["json-file", "local", "journald", "syslog", "fluentd", "awslogs", "", None, 7])
def test_any_other_driver_keeps_a_copy(driver: object, stub: EngineStub) -> None:
    """Or the engine does not say which it is, as podman."""
    stub.info = {"LoggingDriver": driver}
    assert tell(stub) == ""


def test_an_engine_that_says_nothing_of_itself_is_no_trouble(stub: EngineStub) -> None:
    """What is asked besides breaks no probe."""
    stub.failure = (500, b'{"message": "out of order"}')
    assert tell(stub) == ""
    assert read_log_driver([]) == ""
