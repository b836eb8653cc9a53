"""A push is checked by the image that an engine has for its branch."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.built_image import build_image
from support.docker_archives import write_docker_archive
from support.live_engines import LiveEngine
from support.tar_member import TarMember, file

NAME = "layerscope-test/push"
PASSWD = file("etc/passwd", b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n")
SECRET = file("app/.netrc", b"machine example.org login me password Zt7pWq4hYd2k\n", mode=0o600)


def load(engine: LiveEngine, folder: Path, tag: str, *members: TarMember) -> None:
    """Give the engine an image."""
    image = build_image([[PASSWD], list(members)], tag=f"{NAME}:{tag}", runtime={"User": "app"})
    write_docker_archive(image, folder / "image.tar")
    engine.client.images.load((folder / "image.tar").read_bytes())


@pytest.fixture
def images(docker_engine: LiveEngine, tmp_path: Path) -> Iterator[LiveEngine]:
    """An engine with a sound image of the branch `main`, and one of `feature/X` that leaks a password."""
    load(docker_engine, tmp_path, "main", file("app/serve.py", b"print()\n"))
    load(docker_engine, tmp_path, "feature-x", SECRET)
    yield docker_engine
    for tag in ("main", "feature-x"):
        docker_engine.client.images.remove(f"{NAME}:{tag}", force=True)


def test_a_push_is_stopped_by_the_image_of_its_branch(
    images: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each branch by its own; one that the engine has no image for is stopped, too, unless that is optional."""
    for name, value in (
        images.environment | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    ).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def git(*words: str) -> subprocess.CompletedProcess[str]:
        command = ["git", "-c", "user.name=n", "-c", "user.email=a@example.org", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def say(entry: str) -> None:
        Path("layerscope.toml").write_text(f'cache-dir = "cache"\n[check]\nimages = [{entry}]\n')
        git("add", "layerscope.toml")
        git("commit", "--quiet", "-m", entry)

    git("init", "--quiet", "-b", "main")
    git("init", "--quiet", "--bare", "remote.git")
    git("remote", "add", "origin", "remote.git")
    say(f'"{NAME}:{{branch}}"')
    subprocess.run([sys.executable, "-m", "layerscope", "hook", "install"], check=True)
    assert git("push", "origin", "main").returncode == 0
    done = git("push", "origin", "main:feature/X")
    assert (done.returncode != 0, f"✘ {NAME}:feature-x  breaks the policy" in done.stdout) == (True, True)
    assert "CONF011 secret-in-layer" in done.stdout
    done = git("push", "origin", "main:other")
    assert (done.returncode != 0, "could not be had" in done.stdout, "registry" in done.stdout) == (True, True, False)
    say(f'{{image = "{NAME}:{{branch}}", optional = true}}')
    done = git("push", "origin", "main:other")
    assert (done.returncode, "was left out" in done.stdout) == (0, True), done
