"""`layerscope check` tells of an image that it was read from its registry, where its name does not say that."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from layerscope.report.gate.words import FROM_AFAR
from support.engine_stub import run_engine
from support.images import load_fixture, write_oci_layout
from support.registry_server import Registry, serve_registry

Answer = Callable[..., tuple[int, bytes, str]]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry with the demo image, and a Docker Engine that has none."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "CONTAINER_HOST"):
        monkeypatch.delenv(name, raising=False)
    write_oci_layout(load_fixture("demo"), tmp_path / "demo")
    with serve_registry() as server, run_engine(tmp_path) as engine:
        server.add_layout(tmp_path / "demo")
        for name, value in engine.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.mark.parametrize("name", ["terminal", "markdown", "html", "github", "sarif", "junit"])
def test_an_image_that_no_engine_has_is_told_as_its_registrys(answer: Answer, registry: Registry, name: str) -> None:
    """In every format that has a place for it, once; not where the name says it."""
    image = f"{registry.address}/team/demo:1"
    _, out, _ = answer("check", image, "--fail-on", "never", "-o", name)
    assert " ".join(out.decode().split()).count(FROM_AFAR) == 1
    _, out, _ = answer("check", f"registry:{image}", "--fail-on", "never", "-o", name)
    assert FROM_AFAR not in " ".join(out.decode().split())


def test_where_an_image_was_read_from_is_in_the_json(answer: Answer, registry: Registry) -> None:
    """With what a person should know of it."""
    name = f"{registry.address}/team/demo:1"
    (image,) = json.loads(answer("check", name, "-o", "json")[1])["images"]
    assert image["source"] == f"registry ({registry.address})"
    assert image["notes"] == [f"no engine of this host has {name}: it is the registry's image"]
