"""Images that engines have built a moment ago: their layers were never a tar that somebody wrote."""

import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

import pytest

from layerscope.sources.source import InPlace
from support.live_engines import LiveEngine
from support.live_images import prove

CLASSIC: Final = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "mkdir", "-p", "/made/deep"]
ENV MADE=1
RUN ["/bin/busybox", "sh", "-c", "\
    b=/bin/busybox; echo a > /made/deep/a; $b ln /made/deep/a /made/b; $b ln -s b /made/c; $b chmod 4755 $b"]
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox rm -r /made/deep; /bin/busybox mkdir /made/deep; echo b > /made/deep/b"]
"""
BUILDKIT: Final = """\
FROM scratch AS first
COPY busybox /bin/busybox
RUN ["/bin/busybox", "mkdir", "-p", "/made/deep"]
FROM scratch
COPY --from=first /bin/busybox /bin/sh
COPY --from=first / /all
RUN ["/bin/sh", "-c", "echo a > /all/made/a; /bin/sh -c 'echo b > /b'"]
"""


@pytest.fixture(scope="session")
def busybox() -> Path:
    """A program that needs nothing else."""
    found = shutil.which("busybox")
    if found is None:
        pytest.skip("no busybox: install busybox-static")
    return Path(found)


def pack_context(dockerfile: str, busybox: Path) -> io.BytesIO:
    """A build context as the engine's API takes it."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        recipe = tarfile.TarInfo("Dockerfile")
        recipe.size = len(dockerfile.encode())
        archive.addfile(recipe, io.BytesIO(dockerfile.encode()))
        archive.add(busybox, "busybox")
    content.seek(0)
    return content


def check(engine: LiveEngine, tag: str, mode: InPlace, layers: int) -> None:
    """Every layer of the image holds what its DiffID says."""
    proven = prove(engine.source(tag, mode))
    assert proven.diff_ids == [str(layer.diff_id) for layer in proven.image.layers]
    assert len(proven.diff_ids) == layers


def test_an_image_that_was_just_built_proves_its_digests(engine: LiveEngine, busybox: Path) -> None:
    """Whiteouts, opaque folders, hard links and modes as the engine itself wrote them down."""
    tag = "layerscope/built:1"
    context = pack_context(CLASSIC, busybox)
    engine.client.images.build(
        fileobj=context, custom_context=True, tag=tag, network_mode="none", nocache=True, rm=True, forcerm=True
    )
    check(engine, tag, "only", 4)
    check(engine, tag, "never", 4)


def test_an_image_of_buildkit_proves_its_digests(docker_engine: LiveEngine, busybox: Path, tmp_path: Path) -> None:
    """BuildKit hands its layers to the engine unpacked, which then writes the records."""
    (tmp_path / "Dockerfile").write_text(BUILDKIT)
    shutil.copy(busybox, tmp_path / "busybox")
    tag = "layerscope/buildkit:1"
    subprocess.run(
        ["/usr/bin/docker", "build", "--quiet", "--no-cache", "--network", "none", "--tag", tag, str(tmp_path)],
        env={**os.environ, "DOCKER_HOST": docker_engine.host, "DOCKER_BUILDKIT": "1"},
        check=True,
        capture_output=True,
    )
    check(docker_engine, tag, "only", 3)
    check(docker_engine, tag, "never", 3)


def test_a_container_that_was_committed_proves_its_digests(docker_engine: LiveEngine, busybox: Path) -> None:
    """What a container changed becomes a layer."""
    tag = "layerscope/base:1"
    context = pack_context("FROM scratch\nCOPY busybox /bin/busybox\n", busybox)
    docker_engine.client.images.build(fileobj=context, custom_context=True, tag=tag, rm=True)
    command = ["/bin/busybox", "sh", "-c", "echo a > /a; /bin/busybox mkdir /b"]
    container = docker_engine.client.containers.create(tag, command, network_mode="none")
    try:
        container.start()
        assert container.wait(timeout=60)["StatusCode"] == 0
        container.commit("layerscope/committed", "1")
    finally:
        container.remove(force=True)
    check(docker_engine, "layerscope/committed:1", "only", 2)
    check(docker_engine, "layerscope/committed:1", "never", 2)
