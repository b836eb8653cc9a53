"""What is asked of a container whose work is over, until it has ended or that takes too long."""

from typing import Any, cast

import pytest

from layerscope.engine import containers
from layerscope.engine.client import Engine
from layerscope.engine.containers import ContainerState
from layerscope.errors import EngineError
from layerscope.probe import container_run

ENGINE = cast("Engine", None)


class Clock:
    """Goes on while somebody sleeps, and while an engine is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: list[Any], cost: float) -> None:
        """The engine gives these answers, the last again and again, and takes so many seconds for each."""
        self.now, self.asked, self._answers, self._cost = 0.0, 0, answers, cost
        monkeypatch.setattr(container_run, "time", self)
        monkeypatch.setattr(containers, "inspect_state", self.inspect)

    def monotonic(self) -> float:
        """Seconds since it began."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time go by."""
        self.now += seconds

    def inspect(self, *_: object) -> ContainerState:
        """Answer."""
        self.now += self._cost
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        if isinstance(answer, EngineError):
            raise answer
        return cast("ContainerState", answer)


RUNS = ContainerState(is_running=True, exit_code=0, is_out_of_memory=False, error="")
ENDED = ContainerState(is_running=False, exit_code=3, is_out_of_memory=False, error="")


def test_the_end_is_seen_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that cannot answer once is asked again."""
    clock = Clock(monkeypatch, [RUNS, EngineError("busy"), ENDED], 0.001)
    assert container_run.await_end(ENGINE, "id") == ENDED
    assert (clock.asked, clock.now < 0.1) == (3, True)


@pytest.mark.parametrize("cost", [0.001, 0.4, 60.0])
def test_one_that_does_not_end_is_asked_for_a_moment(monkeypatch: pytest.MonkeyPatch, cost: float) -> None:
    """However slow the engine is, the last question is begun within that moment."""
    clock = Clock(monkeypatch, [RUNS], cost)
    assert container_run.await_end(ENGINE, "id") == RUNS
    assert container_run.END_SECONDS <= clock.now <= container_run.END_SECONDS + container_run.ENDING + cost
