"""Engines are looked for where the docker CLI and podman look for them."""

import hashlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from layerscope.engine.endpoint import Endpoint, find_docker_endpoint, find_podman_endpoint
from layerscope.errors import ConfigurationError, EngineError


@pytest.fixture
def runtime_dir() -> Iterator[Path]:
    """A runtime folder with a name that is short enough for sockets in it."""
    with TemporaryDirectory(prefix="ls") as folder:
        yield Path(folder)


def listen(path: Path) -> socket.socket:
    """A socket that something listens on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    return listener


def write_context(folder: Path, name: str, endpoint: object, *, is_current: bool = False) -> Path:
    """A context as the docker CLI stores it; returns where its TLS files would be."""
    key = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts/meta" / key
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": endpoint}}))
    if is_current:
        (folder / "config.json").write_text(json.dumps({"currentContext": name}))
    return folder / "contexts/tls" / key / "docker"


def test_docker_host_comes_before_every_context(tmp_path: Path) -> None:
    """`DOCKER_HOST` wins over `DOCKER_CONTEXT`, as in the docker CLI."""
    environment = {"DOCKER_HOST": "tcp://builder:2375", "DOCKER_CONTEXT": "other", "DOCKER_CONFIG": str(tmp_path)}
    assert find_docker_endpoint(environment) == Endpoint("tcp://builder:2375", "DOCKER_HOST")


def test_the_current_context_names_the_engine(tmp_path: Path) -> None:
    """Without variables, the context that `docker context use` chose is asked."""
    write_context(tmp_path / ".docker", "desktop", {"Host": "unix:///run/desktop.sock"}, is_current=True)
    found = find_docker_endpoint({"HOME": str(tmp_path)})
    assert found == Endpoint("unix:///run/desktop.sock", "docker context 'desktop'")


def test_docker_context_comes_before_the_current_one(tmp_path: Path) -> None:
    """`DOCKER_CONTEXT` overrides `docker context use`."""
    write_context(tmp_path, "desktop", {"Host": "unix:///run/desktop.sock"}, is_current=True)
    write_context(tmp_path, "remote", {"Host": "ssh://builder"})
    found = find_docker_endpoint({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "remote"})
    assert found.url == "ssh://builder"


def test_a_context_brings_its_certificates(tmp_path: Path) -> None:
    """A context with TLS files is used with them, and without checks only where it says so."""
    endpoint = {"Host": "tcp://builder:2376", "SkipTLSVerify": True}
    files = write_context(tmp_path, "secure", endpoint, is_current=True)
    files.mkdir(parents=True)
    (files / "ca.pem").touch()
    tls = find_docker_endpoint({"DOCKER_CONFIG": str(tmp_path)}).tls
    assert tls is not None
    assert (tls.authority, tls.certificate, tls.verify) == (files / "ca.pem", None, False)


def test_docker_tls_verify_brings_the_certificates_of_its_folder(tmp_path: Path) -> None:
    """`DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH` mean what they mean to the docker CLI."""
    (tmp_path / "key.pem").touch()
    environment = {"DOCKER_HOST": "tcp://h:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    tls = find_docker_endpoint(environment).tls
    assert tls is not None
    assert (tls.key, tls.verify) == (tmp_path / "key.pem", True)


def test_a_context_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The error says which context, who asked for it, and where it was looked for."""
    with pytest.raises(EngineError, match=r"docker context 'gone' \(DOCKER_CONTEXT\): expected its description at"):
        find_docker_endpoint({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "gone"})


def test_a_context_without_a_host_is_an_error(tmp_path: Path) -> None:
    """A context for Kubernetes alone has no engine."""
    write_context(tmp_path, "odd", {}, is_current=True)
    with pytest.raises(EngineError, match="expected a docker endpoint with a host"):
        find_docker_endpoint({"DOCKER_CONFIG": str(tmp_path)})


def test_a_damaged_configuration_is_named(tmp_path: Path) -> None:
    """A config.json that is no JSON is not passed over in silence."""
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"reading .*config\.json to find the docker engine"):
        find_docker_endpoint({"DOCKER_CONFIG": str(tmp_path)})


def test_the_default_context_means_the_usual_socket(tmp_path: Path) -> None:
    """`default` is no stored context."""
    found = find_docker_endpoint({"HOME": str(tmp_path), "DOCKER_CONTEXT": "default"})
    assert found == Endpoint("unix:///var/run/docker.sock", "default socket")


def test_a_socket_of_rootless_docker_is_found(runtime_dir: Path) -> None:
    """Where the system's socket is missing, the user's own is taken."""
    with listen(runtime_dir / "docker.sock"):
        found = find_docker_endpoint({"HOME": "/nonexistent", "XDG_RUNTIME_DIR": str(runtime_dir)})
    assert found.unix_socket in (runtime_dir / "docker.sock", Path("/var/run/docker.sock"))


def test_container_host_names_podman() -> None:
    """`CONTAINER_HOST` is podman's variable, and `DOCKER_HOST` is not."""
    environment = {"CONTAINER_HOST": "unix:///p.sock", "DOCKER_HOST": "unix:///d.sock"}
    assert find_podman_endpoint(environment) == Endpoint("unix:///p.sock", "CONTAINER_HOST")


def test_podmans_user_socket_comes_before_the_systems(runtime_dir: Path) -> None:
    """A user's podman has the user's images."""
    with listen(runtime_dir / "podman/podman.sock"):
        found = find_podman_endpoint({"XDG_RUNTIME_DIR": str(runtime_dir)})
    assert found.unix_socket == runtime_dir / "podman/podman.sock"


@pytest.mark.parametrize(
    ("url", "path"),
    [("unix:///run/x.sock", Path("/run/x.sock")), ("tcp://127.0.0.1:2375", None), ("ssh://builder", None)],
)
def test_only_a_unix_socket_may_lead_to_this_host(url: str, path: Path | None) -> None:
    """An address of a network may be any host's, even when it is this one's."""
    assert Endpoint(url, "DOCKER_HOST").unix_socket == path
