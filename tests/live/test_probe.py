"""Probes of real containers: locked down, told apart, and gone afterwards."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from layerscope.cli import exit_codes
from layerscope.probe.container_run import LABEL, SEND_SECONDS
from support.live_engines import LiveEngine
from support.live_images import load
from support.live_probe import list_left, probe
from support.python_image import PREFIX, build_python_image, list_python, make_package
from support.tar_writer import directory

HANGING = """
import time
print("asking the hub", flush=True)
time.sleep(600)
"""
KILLED = """
import os, signal
print("loading kernels", flush=True)
os.kill(os.getpid(), signal.SIGILL)
"""
HUNGRY = """
kept = [bytearray(1 << 20) for _ in range(1 << 12)]
"""


def stage_of(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    """One stage."""
    stages = document["stages"]
    assert isinstance(stages, list)
    found: Mapping[str, object] = next(each for each in stages if each["name"] == name)
    return found


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One layer cache for all of these images, which share their lower layer."""
    return tmp_path_factory.mktemp("cache")


def test_a_container_is_locked_down_and_says_so(engine: LiveEngine, cache: Path) -> None:
    """No capability, no new rights, a read-only root, seccomp, a stranger's uid; and nothing is left."""
    load(engine, build_python_image("layerscope/probe:plain"))
    code, document, talk = probe(engine, "layerscope/probe:plain", cache)
    assert code == exit_codes.PROBE, (document, talk)  # nothing in it generates
    environment = document["observations"]["env"]
    isolation = environment["isolation"]
    assert int(isolation["capabilities"], 16) == 0
    assert isolation["no_new_privileges"]
    assert isolation["read_only_root"]
    assert isolation["seccomp"] == "filter"
    assert environment["identity"]["uid"] == 65534
    assert environment["places"]["tmp"]["writable"]
    assert not environment["places"]["home"]["writable"]
    assert document["verdict"]["outcome"] == "unproved"
    assert not list_left(engine)


def test_a_hanging_import_is_cut_and_named(engine: LiveEngine, cache: Path) -> None:
    """With the line of its stack, and soon after its deadline."""
    load(engine, build_python_image("layerscope/probe:hanging", *make_package("torch", HANGING)))
    began = time.monotonic()
    code, document, talk = probe(engine, "layerscope/probe:hanging", cache, "--patience", "0.05")
    assert code == exit_codes.FINDINGS, (document, talk)
    verdict, stage = document["verdict"], stage_of(document, "imports")
    assert (verdict["outcome"], verdict["root"]) == ("hang", "imports")
    assert "torch.py" in stage["wait"]["stacks"]  # type: ignore[index]
    assert stage["wait"]["last_line"] == "asking the hub"  # type: ignore[index]
    assert time.monotonic() - began < 60
    assert not list_left(engine)


def test_a_crash_is_told_by_its_signal(docker_engine: LiveEngine, cache: Path) -> None:
    """The container goes on to the stages that do not need what crashed."""
    load(docker_engine, build_python_image("layerscope/probe:killed", *make_package("torch", KILLED)))
    code, document, talk = probe(docker_engine, "layerscope/probe:killed", cache)
    assert code == exit_codes.FINDINGS, (document, talk)
    assert "the processor lacks an instruction" in document["verdict"]["reason"]
    assert stage_of(document, "visibility")["status"] == "passed"
    assert not list_left(docker_engine)


def test_memory_that_runs_out_is_told(docker_engine: LiveEngine, cache: Path) -> None:
    """The kernel ends the process that took it, and the verdict says so."""
    load(docker_engine, build_python_image("layerscope/probe:hungry", *make_package("torch", HUNGRY)))
    code, document, talk = probe(docker_engine, "layerscope/probe:hungry", cache, "--memory", "128MiB")
    assert code == exit_codes.FINDINGS, (document, talk)
    assert "memory" in document["verdict"]["title"] + document["verdict"]["reason"]


def test_an_image_that_preloads_a_library_is_not_started(docker_engine: LiveEngine, cache: Path) -> None:
    """Foreign code in every process is a reason to stop before the first one."""
    env = ("PATH=/usr/local/bin", "LD_PRELOAD=/opt/hook.so")
    load(docker_engine, build_python_image("layerscope/probe:preload", env=env))
    code, _, talk = probe(docker_engine, "layerscope/probe:preload", cache)
    assert code == exit_codes.PROBE
    assert "its environment sets LD_PRELOAD" in talk


def test_a_gpu_that_the_engine_cannot_give_is_explained(docker_engine: LiveEngine, cache: Path) -> None:
    """The engine's own words, and what they mean."""
    load(docker_engine, build_python_image("layerscope/probe:plain"))
    code, _, talk = probe(docker_engine, "layerscope/probe:plain", cache, "--gpus", "all")
    assert code == exit_codes.PROBE, talk
    assert "could not select device driver" in talk
    assert "nvidia-container-toolkit" in talk
    assert not list_left(docker_engine)


def test_what_a_killed_probe_has_left_is_removed(docker_engine: LiveEngine, cache: Path) -> None:
    """By the next one; what another living process owns stays."""
    load(docker_engine, build_python_image("layerscope/probe:plain"))
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    left = docker_engine.client.containers.create("layerscope/probe:plain", labels={LABEL: f"{boot}:999999:1"})
    own_start = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    own = f"{boot}:{Path('/proc/self').resolve().name}:{own_start}"
    kept = docker_engine.client.containers.create("layerscope/probe:plain", labels={LABEL: own})
    try:
        probe(docker_engine, "layerscope/probe:plain", cache)
        there = {each.id for each in docker_engine.client.containers.list(all=True, filters={"label": LABEL})}
        assert kept.id in there
        assert left.id not in there
    finally:
        kept.remove(force=True)


def test_a_printed_command_runs_on_an_engine_and_its_log_makes_the_report(
    docker_engine: LiveEngine, cache: Path, tmp_path: Path
) -> None:
    """The same stages with the same outcomes as a probe of the same image."""
    load(docker_engine, build_python_image("layerscope/probe:plain"))
    program = [sys.executable, "-m", "layerscope", "probe"]
    environment = {**os.environ, **docker_engine.environment}
    talk = ["--cache-dir", str(cache)]
    emitted = subprocess.run(
        [*program, "--emit", "docker", "docker:layerscope/probe:plain", *talk],
        capture_output=True, check=True, env=environment,
    )  # fmt: skip
    ran = subprocess.run(["sh"], input=emitted.stdout, capture_output=True, check=False, env=environment)
    assert ran.returncode == 0, ran.stderr
    (tmp_path / "probe.log").write_bytes(ran.stdout)
    read = subprocess.run(
        [*program, "--read", str(tmp_path / "probe.log"), "-o", "json"], capture_output=True, check=False
    )
    _, direct, _ = probe(docker_engine, "layerscope/probe:plain", cache)
    document = json.loads(read.stdout)["probe"]
    assert [(each["name"], each["status"]) for each in document["stages"]] == [
        (each["name"], each["status"]) for each in direct["stages"]
    ]
    assert document["verdict"] == direct["verdict"]
    isolation = document["observations"]["env"]["isolation"]
    assert isolation["read_only_root"]
    assert int(isolation["capabilities"], 16) == 0


def test_what_an_image_needs_is_found_with_an_engine(docker_engine: LiveEngine, cache: Path) -> None:
    """A second run, with default rights, and the search between the two; every container is gone afterwards."""
    text = "import pathlib\n(pathlib.Path.home() / '.cache' / 'x').mkdir(parents=True)\n"
    load(docker_engine, build_python_image("layerscope/probe:homeless", *make_package("torch", text)))
    code, document, talk = probe(docker_engine, "layerscope/probe:homeless", cache)
    assert code == exit_codes.FINDINGS, (document, talk)
    assert [need["name"] for need in document["needs"]] == ["home"], document["needs"]
    columns = document["variants"]
    assert columns["default"]["stages"]["imports"] == "passed"
    assert not list_left(docker_engine)


@pytest.mark.parametrize("closed", ["program", "library"])
def test_a_python_that_root_alone_may_start_is_told_at_once(engine: LiveEngine, cache: Path, closed: str) -> None:
    """Its program lies where nobody else may look, or a library of it may not be read: the open run says so."""
    libraries = [replace(each, mode=0o600) for each in list_python() if "/libm.so" in each.name and each.content]
    files = [directory(PREFIX, mode=0o700)] if closed == "program" else libraries
    assert files
    tag = f"layerscope/probe:closed-{closed}"
    load(engine, build_python_image(tag, *files))
    code, document, talk = probe(engine, tag, cache)
    assert code == exit_codes.FINDINGS, talk
    assert document["verdict"]["title"] == "the probe's Python did not start"
    assert [each["name"] for each in document["needs"]] == ["root"]
    assert document["seconds"] < SEND_SECONDS / 2
