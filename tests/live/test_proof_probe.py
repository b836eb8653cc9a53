"""A fix that is proved by a probe, too: a server that runs the same is put in place, one that does not is not."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final, Literal

import pytest
from docker.errors import ImageNotFound

from layerscope.cli import exit_codes
from layerscope.fixes.destinations.engine import EngineDestination
from layerscope.fixes.destinations.trial import hold_on_trial
from layerscope.image.reference import Reference
from support.live_engines import LiveEngine
from support.new_images import write_new_image
from support.planted_bench import Bench
from support.planted_images import PLAIN, build_planted, start_with
from support.tar_writer import file

STUB: Final = Path(__file__).parents[1] / "support/stub_server.py"
CHANGES: Final = [*start_with("vllm", "serve", "/models/stub"), "EXPOSE 8000", "ENV PYTHONUNBUFFERED=1"]
LAUNCHER: Final = b"#!/usr/local/bin/python3\nimport runpy\nrunpy.run_path('/srv/stub.py', run_name='__main__')\n"
DOCKERFILE: Final = f"""\
FROM {PLAIN}
COPY vllm /usr/local/bin/vllm
COPY stub.py /srv/stub.py
EXPOSE 8000
ENV PYTHONUNBUFFERED=
ENTRYPOINT ["vllm", "serve", "/models/stub"]
"""
FIXED: Final = "layerscope/planted:proved"


def fix(bench: Bench, tag: str, *options: str) -> tuple[int, str]:
    """Exit code and all that is told."""
    command = [sys.executable, "-m", "layerscope", "fix", f"docker:{tag}", "--apply", "--layers", "--probe"]
    done = subprocess.run(
        [*command, "--to", f"docker:{FIXED}", *options, "--cache-dir", str(bench.cache)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **bench.engine.environment},
    )
    return done.returncode, done.stdout + done.stderr


def rebuild(bench: Bench, tag: str, context: Path) -> tuple[int, str]:
    """The same of a fix that the engine's builder makes from a Dockerfile and its folder."""
    command = [sys.executable, "-m", "layerscope", "fix", f"docker:{tag}", "--apply", "--build", "--probe"]
    place = ["--file", str(context / "Dockerfile"), "--context", str(context), "--to", f"docker:{FIXED}"]
    done = subprocess.run(
        [*command, *place, "--only", "CONF010", "--reviewed", "--cache-dir", str(bench.cache)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **bench.engine.environment, "DOCKER_BUILDKIT": "0"},
    )
    return done.returncode, done.stdout + done.stderr


def has_image(bench: Bench, tag: str) -> bool:
    """Whether the engine has an image of that name."""
    try:
        bench.engine.client.images.get(tag)
    except ImageNotFound:
        return False
    return True


def list_trials(bench: Bench) -> list[str]:
    """Names of images that are on trial."""
    return [tag for tag in bench.engine.list_names() if "layerscope-fix-" in tag]


def test_a_new_image_has_its_name_only_if_it_does_as_much(plain: Bench) -> None:
    """What nothing needs may go; without a file that only the running server asks for, the image is put nowhere."""
    files = [
        file("usr/local/bin/vllm", LAUNCHER, mode=0o755), file("srv/stub.py", STUB.read_bytes()),
        file("srv/needless", b"x"),
    ]  # fmt: skip
    tag = build_planted(plain.engine, PLAIN, "unproved", *files, changes=CHANGES)
    code, told = fix(plain, tag, "--drop", "/srv/stub.py")
    assert code == exit_codes.FINDINGS, told
    assert "probed, the new image does less" in " ".join(told.split()), told
    assert not has_image(plain, FIXED)
    code, told = fix(plain, tag, "--drop", "/srv/needless")
    try:
        assert code == exit_codes.CLEAN, told
        assert has_image(plain, FIXED)
        assert list_trials(plain) == []
    finally:
        plain.engine.client.images.remove(FIXED, force=True)


def test_an_image_on_trial_has_no_other_name(engine: LiveEngine, tmp_path: Path) -> None:
    """Engines name what they load by different parts of an archive; in none of them is the place taken before it is."""
    scheme: Literal["docker", "podman"] = "podman" if engine.kind.scheme == "podman" else "docker"
    reference = Reference.parse("layerscope/trial:new")
    destination = EngineDestination(scheme, reference, environment={**os.environ, **engine.environment})
    new = write_new_image(destination, tmp_path)
    with hold_on_trial(destination, tmp_path / "layout", new, pytest.fail) as name:
        tags = engine.list_names()
        assert name in tags
        assert not [tag for tag in tags if "layerscope/trial" in tag]
    assert name not in engine.list_names()


def test_a_build_has_its_name_only_if_it_does_as_much(plain: Bench, tmp_path: Path) -> None:
    """A folder that is another than it was gives an image that audits clean, and serves nothing."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "vllm").write_bytes(LAUNCHER)
    (tmp_path / "vllm").chmod(0o755)
    (tmp_path / "stub.py").write_bytes(STUB.read_bytes())
    tag = "layerscope/planted:drifted"
    environment = {**os.environ, **plain.engine.environment, "DOCKER_BUILDKIT": "0"}
    subprocess.run(["docker", "build", "-t", tag, str(tmp_path)], check=True, capture_output=True, env=environment)
    (tmp_path / "stub.py").write_text("raise SystemExit('a version that is not done')\n")
    code, told = rebuild(plain, tag, tmp_path)
    assert code == exit_codes.FINDINGS, told
    assert "probed, the new image does less" in " ".join(told.split()), told
    assert not has_image(plain, FIXED)
    assert list_trials(plain) == []
