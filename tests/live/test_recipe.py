"""A recipe of an image that an engine has: it is measured by a probe, and what it says starts the image."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from support.planted_bench import Bench
from support.planted_images import PLAIN, build_planted, start_with
from support.recipe_checks import read_compose, read_kubernetes
from support.tar_writer import directory, file

STUB: Final = Path(__file__).parents[1] / "support/stub_server.py"
NOBODY: Final = 65534
CHANGES: Final = [
    *start_with("vllm", "serve", "/models/stub"), "EXPOSE 8000", "VOLUME /data /data/sub", "ENV PYTHONUNBUFFERED=1",
]  # fmt: skip
HEALTHY_WITHIN: Final = 20.0
"""Seconds until the server answers its health check."""


def derive(bench: Bench, tag: str, *options: str) -> Mapping[str, Any]:
    """The recipe of an image in the engine, as JSON."""
    command = [sys.executable, "-m", "layerscope", "fix", f"docker:{tag}", "--recipe", "docker", "-o", "json", *options]
    environment = {**os.environ, **bench.engine.environment}
    done = subprocess.run(
        [*command, "--cache-dir", str(bench.cache)], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    recipe: Mapping[str, Any] = json.loads(done.stdout)["recipe"]
    return recipe


def start(bench: Bench, script: str, further: Sequence[str]) -> str:
    """The container that the script starts."""
    environment = {**os.environ, **bench.engine.environment, "DOCKER_HOST": bench.engine.host}
    text = script.replace("--publish 8000:8000 ", "")  # another worker may have that port of the host
    done = subprocess.run(
        ["sh", "-s", "--", "--detach", *further],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_measured_recipe_starts_the_image(plain: Bench, tmp_path: Path) -> None:
    """Locked down as it was proved, with its volumes, and healthy by the check that the image had not."""
    stub = file("usr/local/bin/vllm", b"#!/usr/local/bin/python3\n" + STUB.read_bytes(), mode=0o755)
    tag = build_planted(
        plain.engine,
        PLAIN,
        "recipe",
        stub,
        directory("data", uid=NOBODY),
        directory("data/sub", uid=NOBODY),
        changes=CHANGES,
    )
    recipe = derive(plain, tag, "--probe")
    settings = {each["subject"]: each for each in recipe["settings"]}
    assert settings["user"]["source"] == {"kind": "probe", "name": "chat-512", "layer": None, "path": None}
    assert settings["start"]["reason"].startswith("measured: it listened after ")
    script = recipe["texts"]["docker"]
    assert f"a cluster asks docker.io for {tag}" in " ".join(recipe["texts"]["kubernetes"].split())
    assert read_compose(recipe["texts"]["compose"], tmp_path)["read_only"] is True
    pod = read_kubernetes(recipe["texts"]["kubernetes"])
    assert pod["containers"][0]["startupProbe"]["failureThreshold"] >= 3
    check = settings["health"]["compose"]["healthcheck"]["test"][1:]
    identity = start(plain, script, ["--network", "none"])
    api = plain.engine.client.api
    try:
        until, code = time.monotonic() + HEALTHY_WITHIN, 1
        while code and time.monotonic() < until:
            time.sleep(0.2)
            asked = api.exec_create(identity, check)["Id"]
            api.exec_start(asked)
            code = api.exec_inspect(asked)["ExitCode"]
        found = api.inspect_container(identity)
        assert code == 0, found["State"]
        assert found["HostConfig"]["ReadonlyRootfs"]
        assert found["Config"]["User"] == f"{NOBODY}:{NOBODY}"
        mounts = {each["Destination"]: each["RW"] for each in found["Mounts"] if each["Type"] == "volume"}
        assert mounts == {"/data": True, "/data/sub": True, "/models/stub": False}
    finally:
        api.remove_container(identity, force=True, v=True)
        for name in ("planted-data", "planted-data-sub", "planted-model"):
            api.remove_volume(name, force=True)
