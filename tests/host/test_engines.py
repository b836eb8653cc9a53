"""Container engines of a host."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from socket import AF_UNIX, socket
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from layerscope.host.check import Sign
from layerscope.host.engines import EngineReport, check_engines, find_engines
from layerscope.host.place import Host
from support.engine_stub import EngineStub, run_engine

MakeHost = Callable[..., Host]

INFO: Final[dict[str, object]] = {
    "Driver": "overlay2",
    "CgroupVersion": "2",
    "CgroupDriver": "systemd",
    "Runtimes": {"runc": {}, "nvidia": {}},
    "CDISpecDirs": ["/etc/cdi"],
    "Warnings": None,
}


@pytest.fixture
def stub() -> Iterator[EngineStub]:
    """An engine that knows GPUs."""
    with TemporaryDirectory(prefix="ls") as folder, run_engine(Path(folder)) as engine:
        engine.info = INFO
        yield engine


def test_an_engine_says_what_it_is(stub: EngineStub, make_host: MakeHost) -> None:
    """Version, storage, cgroups, runtimes and folders of specifications."""
    docker, podman = find_engines(make_host(environment={"DOCKER_HOST": stub.endpoint.url}))
    assert docker == EngineReport(
        "docker",
        place=str(stub.endpoint),
        name="docker engine 20.10.24",
        storage="overlay2",
        cgroup="cgroup 2 by systemd",
        runtimes=("runc", "nvidia"),
        cdi_folders=("/etc/cdi",),
    )
    assert podman.is_absent


def test_what_an_engine_leaves_out_is_no_trouble(stub: EngineStub, make_host: MakeHost) -> None:
    """Older engines and podman do not say everything."""
    stub.info = {"Runtimes": 7, "CDISpecDirs": None}
    docker = find_engines(make_host(environment=stub.environment))[0]
    assert docker.answers
    assert (docker.runtimes, docker.cdi_folders, docker.storage) == ((), (), "")


def test_an_engine_that_keeps_no_log_is_a_doubt(stub: EngineStub, make_host: MakeHost) -> None:
    """Any other driver is good."""
    host = make_host(environment={"DOCKER_HOST": stub.endpoint.url})
    for driver, sign in (("none", Sign.DOUBT), ("syslog", Sign.GOOD)):
        stub.info = {**INFO, "LoggingDriver": driver}
        docker = next(check_engines(host, find_engines(host)))
        assert docker.sign is sign
        assert ("docker logs" in docker.says, "daemon.json" in docker.cure) == (driver == "none", driver == "none")


@pytest.mark.parametrize(
    ("scripts", "sign", "command"),
    [({}, Sign.NOTE, ()), ({"docker": "exit 1", "podman": "exit 1"}, Sign.DOUBT, ("sudo systemctl start docker",))],
)
def test_an_engine_that_does_not_run_is_a_doubt_where_it_is_installed(
    scripts: dict[str, str], sign: Sign, command: tuple[str, ...], make_host: MakeHost
) -> None:
    """Where it is not, it is not missed."""
    host = make_host(scripts=scripts)
    docker, podman = check_engines(host, find_engines(host))
    assert (docker.sign, podman.sign, docker.commands) == (sign, sign, command)


def test_an_engine_that_refuses_is_bad(stub: EngineStub, make_host: MakeHost) -> None:
    """In its own words."""
    stub.failure = (500, b'{"message": "out of order"}')
    host = make_host(environment=stub.environment)
    docker = next(check_engines(host, find_engines(host)))
    assert docker.sign is Sign.BAD
    assert "out of order" in docker.says


def test_permission_has_its_own_cure(make_host: MakeHost) -> None:
    """The group of the socket."""
    refused = EngineReport("docker", problem="connecting: permission denied (be root)")
    (found,) = check_engines(make_host(), (refused,))
    assert found.commands == ("sudo usermod -aG docker $USER",)


def test_an_engine_that_hangs_is_not_waited_for(make_host: MakeHost) -> None:
    """A socket that takes the connection and never answers."""
    with TemporaryDirectory(prefix="ls") as folder, socket(AF_UNIX) as server:
        server.bind(f"{folder}/hung.sock")
        server.listen()
        environment = {"DOCKER_HOST": f"unix://{folder}/hung.sock"}
        host = replace(make_host(environment=environment), deadline=0.3)
        begun = time.monotonic()
        docker, _ = find_engines(host)
        assert docker.problem == "no answer within 0.3 s"
        assert time.monotonic() - begun < 20
