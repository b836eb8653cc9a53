"""`docker layerscope` by real command lines of Docker: found, led to an engine, stopped, and told when it is gone."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Final

import pytest

from layerscope.cli.main import run
from support.buildx import find_tools
from support.live_engines import LiveEngine
from support.live_images import load
from support.pushed_images import make_image

IMAGE: Final = "layerscope/plugin:1"
NOWHERE: Final = "unix:///nonexistent/docker.sock"


class Docker:
    """One command line of Docker, with a folder of its own and the plugin in it."""

    def __init__(self, program: str, folder: Path) -> None:
        """Take the program; the folder is empty."""
        self.program = program
        self.folder = folder
        self.config = folder / "docker"
        unheard = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY")
        self.environment = {name: value for name, value in os.environ.items() if name not in unheard}
        self.environment |= {"DOCKER_CONFIG": str(self.config), "LAYERSCOPE_CACHE_DIR": str(folder / "cache")}

    @property
    def plugin(self) -> Path:
        """The file that docker runs."""
        return self.config / "cli-plugins" / "docker-layerscope"

    def ask(self, *words: str, **variables: str) -> tuple[int, str, str]:
        """Run docker; returns its exit code and what it printed on both streams."""
        command = [self.program, *words]
        environment = self.environment | variables
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr


@pytest.fixture(params=["host", "trixie"])
def docker(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """Docker 20.10 and 26.1, one after the other, with the plugin installed."""
    return install(str(request.param), tmp_path, monkeypatch)


@pytest.fixture
def new_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """Docker 26.1, which asks plugins what may follow, and tells them to stop."""
    return install("trixie", tmp_path, monkeypatch)


def install(suite: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """The command line of a Debian release, with the plugin."""
    tools = find_tools() if suite == "trixie" else Path("/")
    program = tools / "usr/bin/docker" if tools is not None else None
    if program is None or not program.exists():
        pytest.skip("no such docker: LAYERSCOPE_ENGINE_SUITE=trixie tests/support/engine.sh install")
    made = Docker(str(program), folder)
    monkeypatch.setenv("DOCKER_CONFIG", str(made.config))
    assert run(["docker-plugin", "install"]) == 0
    return made


def test_docker_knows_the_plugin(docker: Docker) -> None:
    """It is listed with its summary, and its help and errors have the name that a person types."""
    assert re.search(r"^  layerscope\* +Audit images", docker.ask("--help")[1], re.MULTILINE)
    assert docker.ask("layerscope", "audit", "--help")[1].startswith("Usage: docker layerscope audit ")
    assert docker.ask("help", "layerscope", "audit")[1].startswith("Usage: docker layerscope audit ")
    code, _, error = docker.ask("layerscope", "audti")
    assert code == 2
    assert error.startswith("docker layerscope: error: no such command 'audti'; did you mean 'audit'?")
    assert "'docker layerscope --help'" in error


def test_the_engine_is_the_one_that_docker_is_told(docker: Docker, docker_engine: LiveEngine) -> None:
    """By variable, option before or after the name, or context; the exit code is the command's own."""
    load(docker_engine, make_image(IMAGE, leaks=True))
    host = docker_engine.host
    audit = ("layerscope", "audit", f"docker:{IMAGE}")
    assert docker.ask(*audit, DOCKER_HOST=host)[0] == 1
    assert docker.ask("--host", host, *audit, DOCKER_HOST=NOWHERE)[0] == 1
    assert docker.ask(f"-H{host}", *audit)[0] == 1
    assert docker.ask("layerscope", "-H", host, *audit[1:], DOCKER_HOST=NOWHERE)[0] == 1
    assert docker.ask("-H", NOWHERE, *audit, DOCKER_HOST=host)[0] == 3
    for name, place in (("here", host), ("nowhere", NOWHERE)):
        assert docker.ask("context", "create", name, "--docker", f"host={place}")[0] == 0
    assert docker.ask("--context", "here", *audit, DOCKER_HOST=NOWHERE)[0] == 1
    assert docker.ask("-c", "nowhere", *audit)[0] == 3
    assert docker.ask("context", "use", "here")[0] == 0
    assert docker.ask(*audit)[0] == 1
    code, printed, _ = docker.ask("--config", str(docker.config), *audit, "-o", "json", DOCKER_CONFIG="/nonexistent")
    assert (code, json.loads(printed)["image"]["reference"]) == (1, f"docker.io/{IMAGE}")


@pytest.mark.parametrize("python", ["/nonexistent/bin/python", "/bin/false"])
def test_a_plugin_whose_python_is_gone_says_so(docker: Docker, python: str) -> None:
    """Docker still knows it, and the way to mend it is told; so it is where the Python has lost layerscope."""
    script = docker.plugin.read_text()
    lost = re.sub(r"(?m)^package=.*$", "package=/nonexistent", re.sub(r"(?m)^python=.*$", f"python={python}", script))
    docker.plugin.write_text(lost)
    assert "Its Python is gone" in docker.ask("--help")[1]
    code, _, error = docker.ask("layerscope", "audit", IMAGE)
    assert code == 2
    assert f"no longer in it: {python}" in error
    assert "'layerscope docker-plugin install'" in error
    assert run(["docker-plugin", "install"]) == 0
    assert docker.plugin.read_text() == script


def test_docker_that_is_terminated_ends_the_plugin(new_docker: Docker, tmp_path: Path) -> None:
    """Without a terminal docker passes no signal on, but closes a socket, which is heeded."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [new_docker.program, "layerscope", "audit", f"docker-archive:{pipe}"]
    process = subprocess.Popen(command, env=new_docker.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with pipe.open("wb"):  # opens once the plugin reads
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=30)
    assert b"docker layerscope: terminated" in error
    assert process.returncode == 143


def test_words_are_completed(new_docker: Docker) -> None:
    """By the protocol of Docker's completion, where that asks plugins."""
    assert new_docker.ask("__complete", "layerscope", "au")[1].startswith("audit\tProve")
    assert new_docker.ask("__complete", "layerscope", "audit", "--fail-on", "hi")[1] == "high\n:4\n"
