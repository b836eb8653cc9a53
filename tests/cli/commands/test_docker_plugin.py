"""`layerscope docker-plugin`: the file is written where docker looks for it, and nobody else's is touched."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Answer = Callable[..., tuple[int, bytes, str]]


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the plugin of a user lies who has none yet."""
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home/.docker/cli-plugins/docker-layerscope"


def test_it_is_installed_and_taken_out(answer: Answer, plugin: Path) -> None:
    """Twice is as good as once; where it lies and what it runs is told, and nothing else is left behind."""
    for _ in range(2):
        code, out, error = answer("docker-plugin", "install")
        assert (code, out) == (0, b"")
        assert f"{plugin} runs {sys.executable}" in error
    assert stat.S_IMODE(plugin.stat().st_mode) == 0o755
    assert f"{plugin} is gone" in answer("docker-plugin", "uninstall")[2]
    assert "there is no plugin of layerscope's" in answer("docker-plugin", "uninstall")[2]
    assert list(plugin.parent.iterdir()) == []


def test_dockers_own_folder_is_heeded(
    answer: Answer, plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DOCKER_CONFIG stands in for ~/.docker; without both there is no place."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    answer("docker-plugin", "install")
    assert (tmp_path / "config/cli-plugins/docker-layerscope").exists()
    assert not plugin.exists()
    monkeypatch.delenv("DOCKER_CONFIG")
    monkeypatch.delenv("HOME")
    code, _, error = answer("docker-plugin", "install")
    assert (code, "expected HOME or DOCKER_CONFIG" in error) == (2, True)


@pytest.mark.parametrize("is_link", [False, True])
def test_another_file_of_that_name_is_left_as_it_is(answer: Answer, plugin: Path, *, is_link: bool) -> None:
    """A link, too, wherever it leads."""
    plugin.parent.mkdir(parents=True)
    if is_link:
        plugin.symlink_to("/opt/other/docker-layerscope")
    else:
        plugin.write_text("#!/bin/sh\nexit 0\n")
    for word in ("install", "uninstall"):
        code, _, error = answer("docker-plugin", word)
        assert (code, "is not layerscope's; it is left as it is" in error) == (2, True)
    assert plugin.is_symlink() is is_link
    assert [path.name for path in plugin.parent.iterdir()] == [plugin.name]


def test_the_file_answers_as_docker_asks(answer: Answer, plugin: Path, tmp_path: Path) -> None:
    """It says what it is, and runs commands by the name that a person types, from wherever they are."""
    answer("docker-plugin", "install")

    def ask(*words: str) -> subprocess.CompletedProcess[bytes]:
        (tmp_path / "layerscope.py").write_text("raise SystemExit('not the installed one')")
        return subprocess.run([plugin, *words], cwd=tmp_path, env=os.environ, capture_output=True, check=False)

    assert json.loads(ask("docker-cli-plugin-metadata").stdout)["SchemaVersion"] == "0.1.0"
    assert ask("layerscope", "audit", "--help").stdout.startswith(b"Usage: docker layerscope audit ")
    done = ask("-H", "unix:///nonexistent.sock", "layerscope", "audit", "docker:team/llm:1")
    assert done.returncode == 3
    assert done.stderr.startswith(b"docker layerscope: error: connecting to the container engine at unix:///nonexist")


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["layerscope", "au"], ["audit\tProve an image intact, weigh it, and say...", ":4"]),
        (["layerscope", "audit", "--fail-on", "m"], ["medium", ":4"]),
        (["layerscope", "audit", "--dockerfile", ""], [":0"]),
        (["layerscope", "hook", "un"], ["uninstall\tTake the hook out, and give back the one...", ":4"]),
    ],
)
def test_words_are_completed(answer: Answer, words: list[str], lines: list[str]) -> None:
    """Commands, options and their choices; files where an option or argument takes one."""
    code, out, _ = answer("docker-plugin", "run", "__complete", *words)
    assert (code, out.decode().splitlines()) == (0, lines)
