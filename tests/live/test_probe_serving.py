"""Probes of images that serve a model: their own entrypoint is started, in a container without any network."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from layerscope.cli import exit_codes
from support.live_engines import LiveEngine
from support.live_images import load
from support.live_probe import list_left, probe
from support.python_image import build_python_image, list_libraries
from support.tar_writer import TarMember, directory, file

STUB: Final = Path(__file__).parents[1] / "support/stub_server.py"


def make_program() -> TarMember:
    """The stub under the name of a server that is known."""
    text = b"#!/usr/local/bin/python3\n" + STUB.read_bytes()
    return file("usr/local/bin/vllm", text, mode=0o755)


def load_server(engine: LiveEngine, tag: str, *arguments: str) -> None:
    """An image that starts the stub with those arguments."""
    runtime = {"Entrypoint": ["vllm", "serve"], "Cmd": ["/models/stub", *arguments], "ExposedPorts": {"8000/tcp": {}}}
    load(engine, build_python_image(tag, make_program(), runtime=runtime))


def list_statuses(document: Mapping[str, Any]) -> dict[str, str]:
    """The status of each stage."""
    return {stage["name"]: stage["status"] for stage in document["stages"]}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One layer cache for all of these images, which share their lower layer."""
    return tmp_path_factory.mktemp("cache")


def test_a_server_is_started_by_its_own_entrypoint_and_generates(engine: LiveEngine, cache: Path) -> None:
    """As nobody, on a read-only root, and nothing is left."""
    load_server(engine, "layerscope/serve:sound")
    code, document, talk = probe(engine, "layerscope/serve:sound", cache)
    assert code == exit_codes.CLEAN, (document, talk)
    statuses = list_statuses(document)
    assert {statuses[name] for name in ("env", "listen", "chat-16", "chat-512", "completion", "stream")} == {"passed"}
    assert document["server"]["name"] == "vLLM (by its command: vllm serve)"
    assert document["server"]["model"] == "stub-model"
    assert document["verdict"]["outcome"] == "generated"
    assert document["verdict"]["device"] == "the CPU"
    assert not list_left(engine)


def test_a_text_in_another_field_and_a_crash_are_told_apart(docker_engine: LiveEngine, cache: Path) -> None:
    """By the stage, the kind and the words of the server."""
    load_server(docker_engine, "layerscope/serve:reasoning", "--fault", "reasoning_content")
    code, document, talk = probe(docker_engine, "layerscope/serve:reasoning", cache)
    assert code == exit_codes.FINDINGS, talk
    assert (document["verdict"]["outcome"], document["verdict"]["root"]) == ("other-field", "chat-16")
    load_server(docker_engine, "layerscope/serve:crash", "--fault", "crash-start")
    code, document, talk = probe(docker_engine, "layerscope/serve:crash", cache)
    assert code == exit_codes.FINDINGS, talk
    assert (document["verdict"]["outcome"], document["verdict"]["root"]) == ("crash", "listen")
    assert "loading kernels" in document["verdict"]["reason"]
    assert "the processor lacks an instruction" in document["verdict"]["reason"]


def test_ports_of_other_numbers_and_addresses_are_found(docker_engine: LiveEngine, cache: Path) -> None:
    """In the network of the container, by /proc/net/tcp; the remarks say what is wrong with them."""
    load_server(docker_engine, "layerscope/serve:odd", "--port", "8000", "--host", "127.0.0.1")
    code, document, talk = probe(docker_engine, "layerscope/serve:odd", cache)
    assert code == exit_codes.CLEAN, talk
    assert any("loopback address alone" in remark for remark in document["verdict"]["remarks"])


def test_a_server_that_a_script_starts_is_found_at_the_port_of_the_script(
    docker_engine: LiveEngine, cache: Path
) -> None:
    """Not at the one that the image exposes; what is started is the script."""
    script = b'#!/bin/sh\nPORT="${PORT:-9123}"\nexec vllm serve "${MODEL:-/models/stub}" --port "$PORT" "$@"\n'
    shell = Path("/bin/sh").resolve()
    members = (
        *(directory(name) for name in ("app", "bin")),
        *list_libraries([shell]),
        file("bin/sh", shell.read_bytes(), mode=0o755),
        file("app/start.sh", script, mode=0o755),
        make_program(),
    )
    runtime = {"Entrypoint": ["/app/start.sh"], "Cmd": [], "ExposedPorts": {"8000/tcp": {}}}
    load(docker_engine, build_python_image("layerscope/serve:script", *members, runtime=runtime))
    code, document, talk = probe(docker_engine, "layerscope/serve:script", cache)
    assert code == exit_codes.CLEAN, (document, talk)
    assert document["server"]["name"] == "vLLM (by its command in /app/start.sh: vllm serve)"
    assert document["server"]["place"] == "127.0.0.1 port 9123"
    assert document["verdict"]["outcome"] == "generated"


def test_no_server_is_started_where_none_is_wanted(docker_engine: LiveEngine, cache: Path) -> None:
    """The image is probed as any other."""
    load_server(docker_engine, "layerscope/serve:sound")
    code, document, _ = probe(docker_engine, "layerscope/serve:sound", cache, "--no-server")
    assert code == exit_codes.PROBE
    assert "listen" not in list_statuses(document)


def test_a_printed_probe_starts_the_server_as_well(docker_engine: LiveEngine, cache: Path) -> None:
    """The same outcome by the command that `--emit` prints; a key would be printed with it, and is refused."""
    load_server(docker_engine, "layerscope/serve:field", "--fault", "reasoning_content")
    environment = {**os.environ, **docker_engine.environment, "SERVER_KEY": "planted-word"}
    program = [sys.executable, "-m", "layerscope", "probe"]
    emit = [*program, "docker:layerscope/serve:field", "--emit", "docker", "--cache-dir", str(cache)]
    printed = subprocess.run(emit, capture_output=True, check=True, env=environment).stdout
    ran = subprocess.run(["sh"], input=printed, capture_output=True, check=False, env=environment)
    assert ran.returncode == 0, ran.stderr
    read = [*program, "--read", "-", "-o", "json"]
    done = subprocess.run(read, input=ran.stdout, capture_output=True, check=False)
    assert done.returncode == exit_codes.FINDINGS
    verdict = json.loads(done.stdout)["probe"]["verdict"]
    assert (verdict["outcome"], verdict["root"]) == ("other-field", "chat-16")
    keyed = subprocess.run([*emit, "--api-key-env", "SERVER_KEY"], capture_output=True, check=False, env=environment)
    assert keyed.returncode == exit_codes.USAGE
    assert b"planted-word" not in keyed.stdout + keyed.stderr
    assert b"the key would stand in what is printed" in keyed.stderr
