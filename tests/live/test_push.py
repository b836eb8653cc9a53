"""`layerscope push` by the programs of real engines into a real registry: only what was checked gets there."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from layerscope.cli import engine_push
from layerscope.cli.main import run
from support.images import load_fixture
from support.live_engines import LiveEngine
from support.live_images import load
from support.live_registry import LiveRegistry, is_installed, serve_live_registry
from support.pushed_images import lead_to, list_pushed, load_pushed, make_image

README: Final = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[LiveRegistry]:
    """An empty registry that asks for no password."""
    if not is_installed():
        pytest.skip("docker-registry, skopeo or openssl is not installed")
    folder = tmp_path / "registry"
    folder.mkdir()
    with serve_live_registry(folder) as served:
        yield served


@pytest.fixture
def push_words(engine: LiveEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The words of a push by the engine's own program, whose engine the environment leads to."""
    lead(monkeypatch, engine, tmp_path)
    return ["push", "--podman", "--tls-verify=false"] if engine.kind.scheme == "podman" else ["push"]


def lead(monkeypatch: pytest.MonkeyPatch, engine: LiveEngine, folder: Path) -> None:
    """Lead this process to an engine, from a folder without a policy."""
    for name, value in lead_to(engine).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(folder / "cache"))
    monkeypatch.chdir(folder)


def test_what_passes_is_pushed_and_what_breaks_the_policy_is_not(
    engine: LiveEngine, registry: LiveRegistry, push_words: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """The check is told on standard error, what the engine's program prints stands alone on standard output."""
    sound, leaky = (load_pushed(engine, registry, tag, leaks=tag == "2") for tag in ("1", "2"))
    assert run([*push_words, leaky]) == 1
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "CONF011 secret-in-layer" in printed.err
    assert "nothing was pushed" in printed.err
    assert list_pushed(registry) == []
    assert run([*push_words, sound]) == 0
    printed = capfd.readouterr()
    assert f"{sound}  keeps to the policy" in printed.err
    assert "keeps to the policy" not in printed.out
    assert list_pushed(registry) == ["1"]


def test_every_tag_passes_or_none_is_pushed(
    docker_engine: LiveEngine,
    registry: LiveRegistry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The policy says of an image what it says of its name, however that is spelled."""
    lead(monkeypatch, docker_engine, tmp_path)
    _, leaky = (load_pushed(docker_engine, registry, tag, leaks=tag == "2") for tag in ("1", "2"))
    repository = f"{registry.address}/team/llm"
    assert run(["push", "--all-tags", repository]) == 1
    assert list_pushed(registry) == []
    policy = f'[[check.suppress]]\nrule = "CONF011"\nimage = "docker:{leaky}"\nreason = "revoked"\n'
    (tmp_path / "layerscope.toml").write_text(f'[check]\nimages = ["docker:{leaky}"]\n{policy}')
    capfd.readouterr()
    assert run(["push", "-a", repository]) == 0, capfd.readouterr().err
    assert list_pushed(registry) == ["1", "2"]
    assert run(["push", "-a", f"{registry.address}/team/none"]) == 3


def test_every_platform_that_is_pushed_is_checked(
    containerd_engine: LiveEngine,
    registry: LiveRegistry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """An engine that has several under one name pushes them all."""
    lead(monkeypatch, containerd_engine, tmp_path)
    built = load_fixture("multi-platform")
    load(containerd_engine, built, as_oci=True)
    name = f"{registry.address}/team/multi:1"
    containerd_engine.client.images.get(built.tag).tag(name)
    (tmp_path / "layerscope.toml").write_text('[check]\nfail-on = "never"\n')
    assert run(["push", name]) == 0, capfd.readouterr().err
    told = capfd.readouterr().err
    assert "for linux/amd64" in told
    assert "for linux/arm64" in told
    assert told.count(f"{name}  keeps to the policy") == 2
    assert list_pushed(registry, "team/multi") == ["1"]


def test_a_name_that_is_moved_meanwhile_stops_the_push(
    docker_engine: LiveEngine,
    registry: LiveRegistry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What was checked is another image by then; once it is too late, that is told."""
    lead(monkeypatch, docker_engine, tmp_path)
    name = load_pushed(docker_engine, registry, "1")
    other = make_image(f"{registry.address}/team/other:1", leaks=True)
    load(docker_engine, other)
    list_platforms, push = engine_push.EnginePush.list_platforms, engine_push.EnginePush.run

    def move(tag: str) -> None:
        docker_engine.client.images.get(f"{registry.address}/team/{tag}").tag(name)

    def list_and_move(self: engine_push.EnginePush, images: Mapping[str, str]) -> dict[str, tuple[str | None, ...]]:
        move("other:1")
        return list_platforms(self, images)

    def push_and_move(self: engine_push.EnginePush) -> int:
        code = push(self)
        move("other:1")
        return code

    with monkeypatch.context() as patch:
        patch.setattr(engine_push.EnginePush, "list_platforms", list_and_move)
        assert run(["push", name]) == 5
    assert "another image while it was checked" in capfd.readouterr().err
    assert list_pushed(registry) == []
    name = load_pushed(docker_engine, registry, "1")
    with monkeypatch.context() as patch:
        patch.setattr(engine_push.EnginePush, "run", push_and_move)
        assert run(["push", name]) == 5
    assert "another image while it was pushed" in capfd.readouterr().err


def test_a_failing_push_ends_as_the_engine_ends_it(
    docker_engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A registry that is not there is docker's to tell."""
    lead(monkeypatch, docker_engine, tmp_path)
    name = "localhost:9/team/llm:1"
    load(docker_engine, make_image(name))
    assert run(["push", name]) == 1
    assert "nothing was pushed" not in (told := capfd.readouterr().err)
    assert "connection refused" in told


def test_a_function_of_the_shell_stands_in_for_docker_push(
    docker_engine: LiveEngine, registry: LiveRegistry, tmp_path: Path
) -> None:
    """As the README has it: both spellings of a push are checked, everything else is docker's."""
    function = re.findall(r"^docker\(\) \{\n.*?^\}\n", README.read_text(), re.MULTILINE | re.DOTALL)
    sound, leaky = (load_pushed(docker_engine, registry, tag, leaks=tag == "2") for tag in ("1", "2"))
    program = tmp_path / "bin" / "layerscope"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m layerscope "$@"\n')
    program.chmod(0o755)
    variables = lead_to(docker_engine)
    variables |= {"PATH": f"{program.parent}:{variables['PATH']}", "LAYERSCOPE_CACHE_DIR": str(tmp_path / "cache")}

    def ask(*words: str) -> int:
        script = f'{function[0]}\ndocker "$@"'
        command = ["bash", "-c", script, "bash", *words]
        return subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, check=False).returncode

    assert ask("push", leaky) == 1
    assert ask("image", "push", leaky) == 1
    assert list_pushed(registry) == []
    assert ask("push", "--quiet", sound) == 0
    assert ask("image", "inspect", sound) == 0
    assert list_pushed(registry) == ["1"]


def test_a_docker_that_is_layerscope_again_is_refused(
    docker_engine: LiveEngine, registry: LiveRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program in docker's place that calls `layerscope push` would do so without end."""
    lead(monkeypatch, docker_engine, tmp_path)
    name = load_pushed(docker_engine, registry, "1")
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(f'#!/bin/sh\nexec {sys.executable} -m layerscope "$@"\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:/usr/bin:/bin")
    assert run(["push", name]) == 3
    assert list_pushed(registry) == []
