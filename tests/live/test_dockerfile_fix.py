"""Dockerfiles that `layerscope fix --write` has changed, built again: the findings are gone, the files the same."""

import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from layerscope.cli.main import run
from support.live_engines import LiveEngine

if TYPE_CHECKING:
    from collections.abc import Iterable

DOCKERFILE: Final = """\
FROM scratch AS base
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]

# the program
FROM base
ARG SIZE=3000000
ENV APP=/srv/app
COPY weights/ /models/
RUN mkdir -p $APP /opt/sdk \\
 # large
 && head -c $SIZE /dev/zero > /opt/sdk/installer

RUN cp /opt/sdk/installer /srv/app/part
RUN chown -R 1000:1000 /models && \\
    rm -rf /opt/sdk
CMD ["sh"]
"""
FIXED: Final = """\
FROM scratch AS base
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]

# the program
FROM base
ARG SIZE=3000000
ENV APP=/srv/app
COPY --chown=1000:1000 weights/ /models/
RUN mkdir -p $APP /opt/sdk \\
 # large
 && head -c $SIZE /dev/zero > /opt/sdk/installer \\
    && cp /opt/sdk/installer /srv/app/part \\
    && rm -rf /opt/sdk
CMD ["sh"]
"""


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A folder with the Dockerfile and what it copies."""
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("no busybox: install busybox-static")
    folder = tmp_path / "context"
    (folder / "weights").mkdir(parents=True)
    shutil.copy(busybox, folder / "busybox")
    (folder / "weights/model.bin").write_bytes(bytes(range(256)) * 10_000)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    return folder


def build(engine: LiveEngine, context: Path, tag: str, *, buildkit: str) -> None:
    """Build the folder's Dockerfile by one of the builders."""
    subprocess.run(
        ["/usr/bin/docker", "build", "--quiet", "--no-cache", "--network", "none", "--tag", tag, str(context)],
        env={**os.environ, "DOCKER_HOST": engine.host, "DOCKER_BUILDKIT": buildkit},
        check=True,
        capture_output=True,
    )


def list_files(engine: LiveEngine, tag: str) -> list[tuple[str, int, int, int, int]]:
    """What a container of the image sees: paths, modes, owners and sizes."""
    container = engine.client.containers.create(tag)
    try:
        content = io.BytesIO(b"".join(cast("Iterable[bytes]", container.export())))
    finally:
        container.remove(force=True)
    with tarfile.open(fileobj=content) as archive:
        return sorted((each.name, each.mode, each.uid, each.gid, each.size) for each in archive)


@pytest.mark.parametrize("buildkit", ["0", "1"])
def test_a_changed_dockerfile_builds_an_image_without_the_findings(
    buildkit: str,
    docker_engine: LiveEngine,
    context: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """It is smaller by what the findings said, and a container sees the same files with the same owners."""
    monkeypatch.setenv("DOCKER_HOST", docker_engine.host)
    monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(context.parent / "cache"))

    def ask(*words: str) -> Any:
        capfd.readouterr()
        assert run([*words, "-o", "json"]) in {0, 1}
        return json.loads(capfd.readouterr().out)

    before, after = (f"layerscope/{name}:{buildkit}" for name in ("unfixed", "fixed"))
    build(docker_engine, context, before, buildkit=buildkit)
    plan = ask("fix", f"docker:{before}", "--file", str(context / "Dockerfile"), "--write", "--reviewed")["plan"]
    assert (context / "Dockerfile").read_text() == FIXED
    build(docker_engine, context, after, buildkit=buildkit)
    taken = [step for step in plan["steps"] if step["patch"]]
    assert sorted(code for step in taken for code in step["removes"]) == ["LAY101", "LAY103"]
    first, last = (ask("audit", f"docker:{tag}") for tag in (before, after))
    assert first["weight"]["total"] - last["weight"]["total"] == sum(step["saves"] for step in taken) > 3_600_000
    assert {each["code"] for each in first["findings"]} - {each["code"] for each in last["findings"]} == {
        "LAY101",
        "LAY103",
    }
    assert not {each["code"] for each in last["findings"]} - {each["code"] for each in first["findings"]}
    assert list_files(docker_engine, before) == list_files(docker_engine, after)
