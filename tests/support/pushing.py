"""Repositories of git with a remote, to push from, in nobody's configuration but the test's."""

import os
import subprocess
from pathlib import Path

from support.images import build_image, write_image
from support.tar_writer import file

SECRET = b"machine example.org login me password Zt7pWq4hYd2k\n"
PASSWD = b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"


def git(*words: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder."""
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    identity = ("-c", "user.name=n", "-c", "user.email=a@example.org")
    command = ["git", *identity, *words]
    return subprocess.run(command, cwd=folder, env=os.environ | settings, capture_output=True, check=False)


def make_repository(folder: Path) -> None:
    """A repository with a remote, and an image that breaks the policy until `fail-on` is `never`."""
    git("init", "--quiet", "--bare", "remote.git", folder=folder)
    git("init", "--quiet", "-b", "main", ".", folder=folder)
    git("remote", "add", "origin", str(folder / "remote.git"), folder=folder)
    layers = [[file("etc/passwd", PASSWD)], [file("app/.netrc", SECRET, mode=0o600)]]
    write_image(build_image(layers, runtime={"User": "app"}), folder / "image", "oci-dir")
    set_policy(folder, "high")


def set_policy(folder: Path, fail_on: str) -> None:
    """Commit a policy."""
    text = f'cache-dir = "cache"\n[check]\nimages = ["{folder / "image"}"]\nfail-on = "{fail_on}"\n'
    (folder / "layerscope.toml").write_text(text)
    git("add", "layerscope.toml", folder=folder)
    git("commit", "--quiet", "-m", "policy", folder=folder)


def write_hook(path: Path, text: str) -> Path:
    """An executable hook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path
