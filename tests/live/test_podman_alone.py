"""Podman's images are read and pushed where its service does not run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.cli.main import run
from support.live_engines import LiveEngine
from support.live_registry import LiveRegistry, is_installed, serve_live_registry
from support.pushed_images import list_pushed, load_pushed


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[LiveRegistry]:
    """An empty registry."""
    if not is_installed():
        pytest.skip("docker-registry, skopeo or openssl is not installed")
    with serve_live_registry(tmp_path) as served:
        yield served


def test_an_image_is_checked_and_pushed_without_a_service(
    podman_engine: LiveEngine,
    registry: LiveRegistry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Read in place from the store, and pushed by podman itself."""
    sound, leaky = (load_pushed(podman_engine, registry, tag, leaks=tag == "2") for tag in ("1", "2"))
    store = tmp_path / "storage.conf"
    root, runs = podman_engine.folder / "root", podman_engine.folder / "run"
    store.write_text(f'[storage]\ndriver = "overlay"\ngraphroot = "{root}"\nrunroot = "{runs}"\n')
    (tmp_path / "runtime").mkdir()
    variables = {"CONTAINERS_STORAGE_CONF": store, "CONTAINERS_CONF": podman_engine.folder / "containers.conf"}
    variables |= {"XDG_RUNTIME_DIR": tmp_path / "runtime", "LAYERSCOPE_CACHE_DIR": tmp_path / "cache"}
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.delenv("CONTAINER_HOST", raising=False)
    monkeypatch.chdir(tmp_path)
    assert run(["inspect", f"podman:{sound}"]) == 0
    assert "read in place" in capfd.readouterr().out
    assert run(["push", "--podman", "--tls-verify=false", leaky]) == 1
    assert "CONF011 secret-in-layer" in capfd.readouterr().err
    assert list_pushed(registry) == []
    assert run(["push", "--podman", "--tls-verify=false", sound]) == 0
    assert list_pushed(registry) == ["1"]
