"""Tests of the merge against engines: what a container of a loaded image shows is what the merge says."""

import io
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, cast

import pytest
from docker.errors import DockerException

from layerscope.layers.entry import EntryType
from support.built_image import build_image
from support.docker_archives import write_docker_archive
from support.indexes import merged
from support.live_engines import ENGINES, LiveEngine
from support.overlay_cases import CASES, TOP, combine
from support.tar_member import TarMember, device, directory, fifo, file, hardlink, opaque, symlink, whiteout

Layers = Sequence[Sequence[TarMember]]
Row = tuple[str, str, int, int, str, bytes]
"""Path, type, mode, owner, link and content."""

OVERLAY_ENGINES: Final = [name for name in ENGINES if "vfs" not in name]
"""Engines whose storage is overlayfs."""

PERMISSIONS: Final = 0o7777

CONTAINERD_CASES: Final[dict[str, Layers]] = {
    "last of two files": [[file("a", b"1"), file("a", b"2")]],
    "directory over itself": [[directory("d"), file("d/x"), directory("d", mode=0o711)]],
    "file over own directory": [[directory("d"), file("d/x"), file("d", b"file")]],
    "directory over own symlink": [[directory("b"), symlink("a", "b"), directory("a"), file("a/x")]],
    "hard link to a file that is replaced": [[file("a", b"1"), hardlink("b", "a"), file("a", b"2")]],
    "symlinked parent to a lower directory": [[directory("b"), file("b/z")], [symlink("a", "b"), file("a/c")]],
    "symlinked parent to nowhere": [[symlink("a", "no/where"), file("a/c")]],
    "implied directory keeps attributes": [[directory("tmp", mode=0o1777, uid=3)], [file("tmp/x")]],
    "opaque without its directory": [[directory("d", mode=0o700), file("d/x")], [opaque("d"), file("d/y")]],
}
"""What Docker's overlay2 refuses or sees otherwise; containerd's way is the merge's."""

WHITEOUT_CASES: Final[dict[str, Layers]] = {
    "device of a whiteout over what lies there": [[file("d/low")], [directory("d"), file("e/x"), device("e", 0, 0)]],
    "hard link to a whiteout": [
        [directory("d"), file("d/lo"), file("z"), file("y")],
        [whiteout("d"), hardlink("z", "d"), hardlink("y", "z")],
    ],
    "hard link to a whiteout over what lies there": [[file("lo")], [whiteout("lo"), file("z/x"), hardlink("z", "lo")]],
    "hard link to a whiteout through a symlink": [
        [directory("d"), file("d/lo"), file("z")],
        [directory("d"), symlink("s", "d"), whiteout("d/lo"), hardlink("z", "s/lo")],
    ],
    "hard link to the device of a whiteout": [[file("lo"), file("z")], [device("c", 0, 0), hardlink("z", "c")]],
    "bookkeeping of AUFS": [
        [directory("d"), file("d/lo"), file("d/.wh.sub/x")],
        [directory("d"), *(file(f"d/.wh..wh.{name}", b"x") for name in ("aufs", "orph", ".opqx", ".", "lo", "sub"))],
        [directory("d"), directory("d/.wh..wh.plnk"), file("d/.wh..wh.plnk/1", b"1")],
    ],
}
"""What an orderly layer has none of, and every engine unpacks."""

DOCKER_CASES: Final[dict[str, Layers]] = {
    "opaque whiteout of a file": [[directory("a"), file("a/low")], [file("a", b"a"), opaque("a")]],
    "opaque whiteout of a pipe": [[fifo("a"), opaque("a")]],
    "opaque whiteout of a hard link": [[file("t"), hardlink("a", "t"), opaque("a")]],
    "opaque whiteout of a symlink to a file": [[file("t"), symlink("a", "t"), opaque("a")]],
    "opaque whiteout of a removed directory": [[directory("a"), file("a/low")], [whiteout("a"), opaque("a")]],
    "opaque whiteout of a removed file": [[file("a")], [device("a", 0, 0), opaque("a")]],
}
"""What containerd refuses; Docker's way is the merge's."""

on_overlay_engines = pytest.mark.parametrize("engine", OVERLAY_ENGINES, indirect=True)


def see_by_engine(engine: LiveEngine, layers: Layers, folder: Path) -> list[Row]:
    """What a container of the image shows below the folder of the cases."""
    tag = "layerscope-test/overlay:1"
    write_docker_archive(build_image(layers, tag=tag, runtime={"Cmd": ["/none"]}), folder / "image.tar")
    engine.client.images.load((folder / "image.tar").read_bytes())
    container = engine.client.containers.create(tag, network_mode="none")
    try:
        exported = b"".join(cast("Iterable[bytes]", container.export()))
    finally:
        container.remove(force=True)
        engine.client.images.remove(tag, force=True)
    with tarfile.open(fileobj=io.BytesIO(exported)) as archive:
        return sorted(describe(archive, member) for member in archive if is_ours(member.name))


def describe(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Row:
    """One exported member; hard links are told by their content alone."""
    source = archive.getmember(member.linkname) if member.islnk() else member
    kinds = {tarfile.DIRTYPE: "d", tarfile.SYMTYPE: "l", tarfile.FIFOTYPE: "p", tarfile.CHRTYPE: "c"}
    kind = kinds.get(source.type, "f")
    stream = archive.extractfile(source) if kind == "f" else None
    link = source.linkname if kind == "l" else ""
    content = stream.read() if stream else b""
    return member.name.strip("/"), kind, source.mode & PERMISSIONS, source.uid, link, content


def see_by_merge(layers: Layers) -> list[Row]:
    """What the merge shows there."""
    rows = []
    for node in merged(*layers).walk(TOP):
        is_file = node.type is EntryType.FILE
        content = layers[node.content_layer][node.content_position].content if is_file else b""
        rows.append((node.path, chr(node.type), node.mode, node.uid, node.link or "", content))
    return sorted(rows)


def is_ours(name: str) -> bool:
    """Whether an exported name belongs to the cases."""
    return name.strip("/").split("/")[0] == TOP


@on_overlay_engines
def test_container_sees_what_the_merge_says(engine: LiveEngine, tmp_path: Path) -> None:
    """Type, mode, owner, link and content of every path are those of a container, on every engine."""
    layers = combine(CASES)
    assert see_by_merge(layers) == see_by_engine(engine, layers, tmp_path)


def test_containerd_unpacks_disorderly_layers_as_the_merge_does(containerd_engine: LiveEngine, tmp_path: Path) -> None:
    """Repeated paths and symlinked parents follow containerd, which refuses fewer layers than Docker's overlay2."""
    layers = combine(CONTAINERD_CASES)
    assert see_by_merge(layers) == see_by_engine(containerd_engine, layers, tmp_path)


def test_docker_keeps_what_an_opaque_whiteout_finds_in_the_place_of_its_directory(
    docker_engine: LiveEngine, tmp_path: Path
) -> None:
    """A file stays one, and what is removed stays so."""
    layers = combine(DOCKER_CASES)
    assert see_by_merge(layers) == see_by_engine(docker_engine, layers, tmp_path)


@on_overlay_engines
def test_container_sees_what_the_merge_says_of_disorderly_whiteouts(engine: LiveEngine, tmp_path: Path) -> None:
    """Whiteouts are replaced, replace and are linked to like other entries."""
    layers = combine(WHITEOUT_CASES)
    assert see_by_merge(layers) == see_by_engine(engine, layers, tmp_path)


@on_overlay_engines
def test_device_of_a_whiteout_replaces_a_directory_of_its_layer(engine: LiveEngine, tmp_path: Path) -> None:
    """Docker takes the path twice where one of the names starts with a slash."""
    layers = [[directory(TOP), file(f"{TOP}/d/x"), directory(f"{TOP}/d"), device(f"/{TOP}/d", 0, 0)]]
    assert see_by_merge(layers) == see_by_engine(engine, layers, tmp_path)


@on_overlay_engines
def test_directory_after_its_whiteout_shows_the_lower_one(engine: LiveEngine, tmp_path: Path) -> None:
    """The directory takes the whiteout's place on disk, so that the kernel merges it with the lower directory."""
    lower = [directory("d"), file("d/old", b"old")]
    layers = combine({"directory after whiteout": [lower, [whiteout("d"), directory("d"), file("d/new", b"new")]]})
    assert see_by_merge(layers) == see_by_engine(engine, layers, tmp_path)


@on_overlay_engines
def test_opaque_whiteout_of_the_root_hides_nothing(engine: LiveEngine, tmp_path: Path) -> None:
    """No engine obeys an opaque whiteout of the root."""
    layers = [[directory(TOP), file(f"{TOP}/old", b"old")], [opaque(""), directory(TOP), file(f"{TOP}/new", b"new")]]
    assert see_by_merge(layers) == see_by_engine(engine, layers, tmp_path)


def test_docker_resets_directories_that_a_layer_leaves_unnamed(docker_engine: LiveEngine, tmp_path: Path) -> None:
    """Docker's overlay2 makes them root's with mode 0755; the merge keeps what the lower layer says, as containerd."""
    layers = [[directory(TOP), directory(f"{TOP}/d", mode=0o1777, uid=3)], [file(f"{TOP}/d/x")]]
    shown = {row[0]: row[2:4] for row in see_by_engine(docker_engine, layers, tmp_path)}
    ours = {row[0]: row[2:4] for row in see_by_merge(layers)}
    assert (shown[f"{TOP}/d"], ours[f"{TOP}/d"]) == ((0o755, 0), (0o1777, 3))


@on_overlay_engines
def test_hard_link_to_a_lower_layer_is_refused(engine: LiveEngine, tmp_path: Path) -> None:
    """An engine that unpacks each layer by itself cannot make the link, so what the merge shows harms nobody."""
    layers = [[directory(TOP), file(f"{TOP}/a", b"one")], [hardlink(f"{TOP}/b", f"{TOP}/a")]]
    with pytest.raises(DockerException):
        see_by_engine(engine, layers, tmp_path)


@pytest.mark.parametrize("engine", [name for name in ENGINES if "vfs" in name], indirect=True)
def test_hard_link_to_a_lower_layer_shows_its_content_on_vfs(engine: LiveEngine, tmp_path: Path) -> None:
    """An engine that unpacks layers on top of each other makes the link that the merge shows."""
    layers = [[directory(TOP), file(f"{TOP}/a", b"one")], [hardlink(f"{TOP}/b", f"{TOP}/a")]]
    assert see_by_merge(layers) == see_by_engine(engine, layers, tmp_path)
