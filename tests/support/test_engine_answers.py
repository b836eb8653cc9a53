"""An engine that fails at the container, after it has loaded the image, refuses the layers."""

from pathlib import Path
from unittest.mock import MagicMock

import pytest
from docker.errors import APIError
from requests import Response

from support import engine_answers
from support.engine_answers import ask_engine
from support.live_engines import ENGINES, LiveEngine
from support.random_layers import Layers, make_layers

LAYERS: Layers = make_layers(0)


def fail(status: int) -> APIError:
    """The error of an engine's answer with this status."""
    response = Response()
    response.status_code = status
    return APIError("failed to unpack", response=response)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """The client of an engine that takes everything."""
    client = MagicMock()
    monkeypatch.setattr(engine_answers, "_connect", lambda _: client)
    return client


@pytest.fixture
def engine(client: MagicMock) -> LiveEngine:
    """The engine that the client speaks to."""
    return LiveEngine("podman", ENGINES["podman"], "unix:///nowhere", client)


@pytest.mark.parametrize("step", ["create", "export"])
def test_an_engine_that_fails_behind_the_load_refuses(
    step: str, client: MagicMock, engine: LiveEngine, tmp_path: Path
) -> None:
    """Some unpack layers no sooner than at the first container; what was loaded is removed."""
    create = client.containers.create
    (create if step == "create" else create.return_value.export).side_effect = fail(500)
    assert ask_engine(engine, LAYERS, tmp_path).refusal.startswith("loaded, but: 500 Server Error")
    assert client.images.remove.call_count == 1
    assert create.return_value.remove.call_count == (step == "export")


def test_an_engine_that_misses_its_own_image_does_not_refuse(
    client: MagicMock, engine: LiveEngine, tmp_path: Path
) -> None:
    """That says nothing of the layers."""
    client.containers.create.side_effect = fail(404)
    with pytest.raises(APIError):
        ask_engine(engine, LAYERS, tmp_path)
