"""Tests of what is said of refused layers against engines: they refuse what LAY007 tells, and take what it does not."""

import os
from pathlib import Path
from typing import Final

import pytest
from docker.errors import DockerException

from support.built_image import build_image
from support.docker_archives import write_docker_archive
from support.live_engines import ENGINES, LiveEngine
from support.unpack_cases import (
    LOWER,
    PARTLY_REFUSED_CASES,
    REFUSED_BUT_BY_PODMAN_CASES,
    REFUSED_BY_CONTAINERD_CASES,
    REFUSED_CASES,
    TAKEN_CASES,
    Members,
    write_case,
)

OVERLAY_ENGINES: Final = [name for name in ENGINES if "vfs" not in name]
"""Engines whose storage is overlayfs: others copy the layers below, and take some of it."""

on_overlay_engines = pytest.mark.parametrize("engine", OVERLAY_ENGINES, indirect=True)


def is_loaded(engine: LiveEngine, members: Members, folder: Path) -> bool:
    """Whether an engine loads an image with such a layer; the name is this process's own, for others load some, too."""
    tag = f"layerscope-test/refused-{os.getpid()}:1"
    image = build_image([LOWER, write_case(members)], tag=tag, runtime={"Cmd": ["/none"]})
    write_docker_archive(image, folder / "image.tar")
    try:
        engine.client.images.load((folder / "image.tar").read_bytes())
    except DockerException:
        return False
    engine.client.images.remove(tag, force=True)
    return True


def is_taken(engine: LiveEngine, members: Members, folder: Path) -> bool:
    """Whether an engine loads such an image at once or then; what it removes meanwhile for others can be in the way."""
    return is_loaded(engine, members, folder) or is_loaded(engine, members, folder)


@on_overlay_engines
def test_engines_refuse_what_is_told_to_be_refused(engine: LiveEngine, tmp_path: Path) -> None:
    """Each of the cases, on each engine."""
    assert [name for name, (_, members) in REFUSED_CASES.items() if is_loaded(engine, members, tmp_path)] == []


@on_overlay_engines
def test_engines_take_what_is_not_told_to_be_refused(engine: LiveEngine, tmp_path: Path) -> None:
    """So they do the neighbours of those."""
    assert [name for name, (_, members) in TAKEN_CASES.items() if not is_taken(engine, members, tmp_path)] == []


@on_overlay_engines
def test_containerd_alone_takes_what_is_refused_in_part(engine: LiveEngine, tmp_path: Path) -> None:
    """A finding that says so names Docker and podman."""
    loaded = [name for name, (_, members) in PARTLY_REFUSED_CASES.items() if is_taken(engine, members, tmp_path)]
    assert loaded == (list(PARTLY_REFUSED_CASES) if "containerd" in engine.name else [])


@on_overlay_engines
def test_containerd_alone_refuses_opaque_whiteouts_of_what_is_no_directory(engine: LiveEngine, tmp_path: Path) -> None:
    """Docker sets the attribute on whatever is there."""
    cases = REFUSED_BY_CONTAINERD_CASES.items()
    loaded = [name for name, (_, members) in cases if is_taken(engine, members, tmp_path)]
    assert loaded == ([] if "containerd" in engine.name else list(REFUSED_BY_CONTAINERD_CASES))


@on_overlay_engines
def test_podman_alone_takes_whiteouts_below_what_is_no_directory(engine: LiveEngine, tmp_path: Path) -> None:
    """It leaves them out."""
    cases = REFUSED_BUT_BY_PODMAN_CASES.items()
    loaded = [name for name, (_, members) in cases if is_taken(engine, members, tmp_path)]
    assert loaded == (list(REFUSED_BUT_BY_PODMAN_CASES) if engine.name == "podman" else [])
