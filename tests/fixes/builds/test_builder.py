"""The builder's command: its own options, the flags that it knows, and those that a person gives."""

from pathlib import Path

import pytest

from layerscope.engine.endpoint import Endpoint, TlsFiles
from layerscope.errors import EngineError
from layerscope.fixes.builds.builder import Builder, find_builder
from layerscope.fixes.builds.request import BuildRequest

BUILDX = Builder("docker buildx build", ("docker", "buildx", "build"), {}, has_filter=True)
CLASSIC = Builder("docker build", ("docker", "build"), {})
PODMAN = Builder("podman build", ("podman", "build"), {})
FILE = Path("/tmp/x/Dockerfile")  # noqa: S108 - it is only named


def request(*flags: str, text: str = "FROM scratch\n", target: str = "", options: tuple[str, ...] = ()) -> BuildRequest:
    """A request for the folder `/src`."""
    return BuildRequest(text, Path("/src"), Path("/src/Dockerfile"), target, flags, options)


def test_a_command_names_file_image_stage_flags_and_folder() -> None:
    """What a person gives stands behind what layerscope gives."""
    asked = request("--pull", target="app", options=("--build-arg=A=1",))
    assert BUILDX.write_command(asked, FILE, "x:1") == [
        *("docker", "buildx", "build", "-f", str(FILE), "-t", "x:1"),
        *("--target", "app", "--pull", "--build-arg=A=1", "/src"),
    ]


@pytest.mark.parametrize(
    ("builder", "given", "known", "is_coarser"),
    [
        (BUILDX, ("--no-cache-filter", "a,b"), ("--no-cache-filter", "a,b"), False),
        (BUILDX, ("--no-cache-filter", "a", "--no-cache-filter", "b"), ("--no-cache-filter", "a,b"), False),
        (BUILDX, ("--pull", "--no-cache"), ("--pull", "--no-cache"), False),
        (CLASSIC, ("--pull", "--no-cache-filter", "a"), ("--pull", "--no-cache"), True),
        (PODMAN, ("--no-cache-filter", "a"), ("--no-cache",), True),
        (PODMAN, ("--no-cache",), ("--no-cache",), False),
        (PODMAN, (), (), False),
    ],
    ids=str,
)
def test_a_builder_without_filters_builds_all_anew(
    builder: Builder, given: tuple[str, ...], known: tuple[str, ...], is_coarser: bool
) -> None:
    """Which it says, so that a person can be told."""
    assert builder.find_flags(given) == known
    assert builder.is_coarser(given) is is_coarser


def test_podman_keeps_a_health_check_only_in_docker_s_form() -> None:
    """Unless a person chooses the form."""
    text = "FROM scratch\nhealthcheck CMD true\n"
    assert "--format=docker" in PODMAN.write_command(request(text=text), FILE, "x")
    assert "--format=docker" not in PODMAN.write_command(request(text=text, options=("--format=oci",)), FILE, "x")
    assert "--format=docker" not in PODMAN.write_command(request(), FILE, "x")
    assert "--format=docker" not in CLASSIC.write_command(request(text=text), FILE, "x")


def test_a_client_is_told_not_to_send_the_dockerfile_as_one_of_the_context_s() -> None:
    """By a list beside it."""
    client = Builder("podman build", ("podman", "build"), {}, outlives_client=True)
    command = client.write_command(request(), FILE, "x")
    assert command[command.index("--ignorefile") + 1] == "/tmp/x/ignored"  # noqa: S108 - it is only named
    assert "--ignorefile" not in PODMAN.write_command(request(), FILE, "x")


@pytest.mark.parametrize("kind", ["docker", "podman"])
def test_a_program_that_is_not_there_is_told_with_what_to_install(kind: str, tmp_path: Path) -> None:
    """Before the engine is asked for anything."""
    assert kind in {"docker", "podman"}
    endpoint = Endpoint("unix:///nothing", "test")
    with pytest.raises(EngineError, match=f"there is no program '{kind}' on PATH: install "):
        find_builder("podman" if kind == "podman" else "docker", endpoint, {"PATH": str(tmp_path)})


def test_docker_is_led_to_the_engine_that_is_meant(tmp_path: Path) -> None:
    """By its address and certificates, whatever context or builder a person uses otherwise; without buildx, as it is.

    The program stands for one without plugins.
    """
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    files = TlsFiles(tmp_path / "ca.pem", tmp_path / "cert.pem", tmp_path / "key.pem", verify=True)
    environment = {"PATH": str(tmp_path), "DOCKER_CONTEXT": "other", "BUILDX_BUILDER": "other", "HOME": "/home/me"}
    builder = find_builder("docker", Endpoint("tcp://build:2376", "test", files), environment)
    assert builder.words == (str(program), "build", "--force-rm")
    assert not builder.has_filter
    assert dict(builder.environment) == {
        "PATH": str(tmp_path),
        "HOME": "/home/me",
        "DOCKER_HOST": "tcp://build:2376",
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": str(tmp_path),
        "BUILDKIT_PROGRESS": "plain",
    }
