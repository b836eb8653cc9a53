"""A context to build from by the program of an engine, and the command that fixes what came of it."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from layerscope.cli.main import run
from support.buildx import PLUGIN, find_tools
from support.live_engines import LiveEngine

BASE: Final = """\
FROM scratch AS base
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
COPY pip check /bin/
"""
PIP: Final = """\
#!/bin/sh
mkdir -p /root/.cache/pip/http /srv
case "$*" in {kept}) ;; *) head -c 2000000 /dev/zero > /root/.cache/pip/http/body;; esac
echo numpy > /srv/numpy
"""
CHECK: Final = """\
#!/bin/sh
test -e "$1" && exit 0
echo "ModuleNotFoundError: No module named 'numpy'" >&2
{then}
"""
TEMPORARY: Final = "layerscope-fix-"


class Workshop:
    """A context to build from, and the program of one engine that does it."""

    def __init__(self, engine: LiveEngine, folder: Path) -> None:
        """Make the folder, and find the program."""
        self.engine = engine
        self.scheme = engine.kind.scheme
        self.folder = folder
        self.context = folder / "context"
        (self.context / "weights").mkdir(parents=True)
        busybox = shutil.which("busybox")
        if busybox is None:
            pytest.skip("no busybox: install busybox-static")
        shutil.copy(busybox, self.context / "busybox")
        (self.context / "weights/model.bin").write_bytes(bytes(range(256)) * 10_000)
        (self.context / "token").write_text("secret")
        (self.context / ".dockerignore").write_text("token\n")
        self.environment = {**os.environ, **engine.environment, **self._find_program()}
        self.environment["LAYERSCOPE_CACHE_DIR"] = str(folder / "cache")

    def _find_program(self) -> Mapping[str, str]:
        """The variables that lead to the engine's own program: of its Debian release, with buildx or without."""
        config = self.folder / "config"
        (config / "cli-plugins").mkdir(parents=True)
        path = f"/usr/bin:{os.environ['PATH']}"
        if self.engine.name == "docker-26.1":
            tools = find_tools()
            if tools is None:
                pytest.skip("no buildx: LAYERSCOPE_ENGINE_SUITE=trixie tests/support/engine.sh install")
            (config / "cli-plugins/docker-buildx").symlink_to(tools / PLUGIN)
            path = f"{tools}/usr/bin:{path}"
        return {"PATH": path, "DOCKER_CONFIG": str(config)}

    def build(
        self, dockerfile: str, tag: str, *options: str, kept: str = "*--no-cache-dir*", then: str = "exit 3"
    ) -> None:
        """Build an image of the Dockerfile, by a pip that heeds these options, and a check that ends so."""
        (self.context / "Dockerfile").write_text(BASE + dockerfile)
        for name, text in (("pip", PIP.replace("{kept}", kept)), ("check", CHECK.replace("{then}", then))):
            (self.context / name).write_text(text)
            (self.context / name).chmod(0o755)
        words = ["docker"] if self.scheme == "docker" else ["podman", "--url", self.engine.host]
        command = [*words, "build", "--network=none", "-t", tag, *options, str(self.context)]
        done = subprocess.run(command, env=self.environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr

    def write_arguments(self, tag: str, to: str, *options: str) -> list[str]:
        """The command that fixes one image into another."""
        image, target = f"{self.scheme}:{tag}", f"{self.scheme}:{to}"
        place = ["--file", str(self.context / "Dockerfile"), "--context", str(self.context)]
        return ["fix", image, "--apply", "--build", *place, "--to", target, "--build-option=--network=none", *options]

    def list_names(self) -> set[str]:
        """The names of all images."""
        return self.engine.list_names()

    def run(self, tag: str) -> str:
        """What a container of the image prints."""
        container = self.engine.client.containers.run(tag, detach=True, network_mode="none")
        try:
            container.wait()
            printed: bytes = container.logs()
        finally:
            container.remove(force=True)
        return printed.decode()


def fix(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, Any, str]:
    """Run the command, and return its exit code, its report if there is one, and what it said."""
    for name, value in workshop.environment.items():
        monkeypatch.setenv(name, value)
    capfd.readouterr()
    code = run([*workshop.write_arguments(*arguments), "-o", "json"])
    out, err = capfd.readouterr()
    assert not any(TEMPORARY in name for name in workshop.list_names())
    return code, json.loads(out) if out else None, err
