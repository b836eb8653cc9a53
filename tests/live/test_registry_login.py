"""Logging in with another tool is enough: what docker, podman and skopeo keep of it lets layerscope in, too."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.cli.main import run
from support.images import load_fixture, write_oci_layout
from support.live_registry import PASSWORD, USER, LiveRegistry, is_installed, serve_live_registry

WHO = ("--username", USER, "--password-stdin")


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveRegistry]:
    """A registry that wants a password, with an image; nobody has logged in."""
    if not is_installed():
        pytest.skip("docker-registry, skopeo or openssl is not installed")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    write_oci_layout(load_fixture("demo"), tmp_path / "demo")
    (tmp_path / "registry").mkdir()
    with serve_live_registry(tmp_path / "registry", protected=True) as server:
        server.push(tmp_path / "demo", "team/image:1")
        yield server


def log_in(*command: str, **environment: str) -> None:
    """Log in as a person would, by another tool."""
    subprocess.run(command, input=PASSWORD.encode(), env={**os.environ, **environment}, check=True, capture_output=True)


def audit(registry: LiveRegistry, capsys: pytest.CaptureFixture[str]) -> None:
    """Audit the image, which is let in, and tells nobody by which password."""
    capsys.readouterr()
    assert run(["audit", f"registry:{registry.address}/team/image:1", "-o", "json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["image"]["source"] == f"registry ({registry.address})"
    assert PASSWORD not in printed.out + printed.err


def test_nobody_is_let_in_without(registry: LiveRegistry, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the others would prove nothing."""
    assert run(["audit", f"registry:{registry.address}/team/image:1"]) == 3
    assert "docker login" in capsys.readouterr().err


@pytest.mark.parametrize("tool", ["podman", "skopeo"])
def test_podman_and_skopeo_login_is_enough(
    tool: str,
    registry: LiveRegistry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In the file that both keep where a session's files lie."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    (tmp_path / "session/containers").mkdir(parents=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "session"))
    file = str(tmp_path / "session/containers/auth.json")
    log_in(tool, "login", "--tls-verify=false", "--authfile", file, *WHO, registry.address)
    audit(registry, capsys)


def test_podman_login_without_a_session_is_enough(registry: LiveRegistry, capsys: pytest.CaptureFixture[str]) -> None:
    """In the file that it keeps for the user, which is left as it was."""
    if shutil.which("podman") is None:
        pytest.skip("podman is not installed")
    log_in("podman", "login", "--tls-verify=false", *WHO, registry.address)
    try:
        audit(registry, capsys)
    finally:
        subprocess.run(["podman", "logout", registry.address], check=True, capture_output=True)


def test_docker_login_is_enough(
    registry: LiveRegistry, engine_host: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the file that it keeps in the home folder."""
    log_in("docker", "login", *WHO, registry.address, DOCKER_HOST=engine_host)
    assert (tmp_path / "home/.docker/config.json").exists()
    audit(registry, capsys)
