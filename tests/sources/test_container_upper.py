"""The folder of a container's own files becomes a layer, whatever lies in it."""

import os
import stat
from pathlib import Path

import pytest

from layerscope.errors import SourceError
from layerscope.image.container import ContainerFiles
from layerscope.layers.entry import EntryType
from layerscope.layers.index import LayerIndex
from layerscope.sources import container_upper
from layerscope.sources.container_upper import copy_upper
from layerscope.sources.layer_spool import LayerSpool
from support.archives import drain
from support.indexes import index_of_tar

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="device files and overlayfs's attributes need root")


def copy(folder: Path, *mounts: str) -> LayerIndex:
    """The index of the layer that a folder becomes."""
    with LayerSpool(None, where="a test") as spool:
        copy_upper(str(folder), ContainerFiles("web", mounts), spool)
        return index_of_tar(drain(spool.finish("own").open(), 1 << 20))


def list_kinds(index: LayerIndex) -> list[tuple[str, EntryType]]:
    """Every entry with its type."""
    return [(path, EntryType(index.types[number])) for number, path in enumerate(index.paths)]


def test_files_folders_and_links_are_copied(tmp_path: Path) -> None:
    """With times to the nanosecond; names in order, whatever order the folder has them in."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b/file").write_bytes(b"x" * 3000)
    os.utime(tmp_path / "b/file", ns=(5, 1_700_000_000_123_456_789))
    (tmp_path / "b/link").symlink_to("/etc/passwd")
    (tmp_path / "b/same").hardlink_to(tmp_path / "b/file")
    os.mkfifo(tmp_path / "a")
    index = copy(tmp_path)
    assert list_kinds(index) == [
        ("a", EntryType.FIFO),
        ("b", EntryType.DIRECTORY),
        ("b/file", EntryType.FILE),
        ("b/link", EntryType.SYMLINK),
        ("b/same", EntryType.HARDLINK),
    ]
    assert (index.sizes[2], index.mtimes_ns[2]) == (3000, 1_700_000_000_123_456_789)
    assert (index.links[3], index.links[4]) == ("/etc/passwd", "b/file")


def test_equal_folders_are_one_layer(tmp_path: Path) -> None:
    """So that it is known the next time."""
    (tmp_path / "x").write_bytes(b"x")
    found = []
    for _ in range(2):
        with LayerSpool(None, where="a test") as spool:
            copy_upper(str(tmp_path), ContainerFiles("web"), spool)
            found.append(spool.finish("own").diff_id)
    assert found[0] == found[1]


def test_mounts_and_names_that_a_layer_cannot_hold_are_left_out(tmp_path: Path) -> None:
    """Below them too; other names may be anything."""
    for name in ("data/x", "etc/hosts", "etc/.wh.passwd", "etc/\udcff name\n", "proc/x"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    assert list(copy(tmp_path, "data").paths) == ["etc", "etc/\udcff name\n"]


def test_a_link_in_a_folders_place_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that changes a folder into a link while it is read leads nowhere."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key").write_text("x")
    upper = tmp_path / "upper"
    (upper / "sub").mkdir(parents=True)
    copied = container_upper._Upper._copy_one

    def swap(self: object, path: bytes, name: bytes, folder: int, status: os.stat_result) -> None:
        copied(self, path, name, folder, status)  # type: ignore[arg-type] # it is one
        (upper / "sub").rmdir()
        (upper / "sub").symlink_to(tmp_path / "secret")

    monkeypatch.setattr(container_upper._Upper, "_copy_one", swap)
    with pytest.raises(OSError, match="sub"):
        copy(upper)


@NEEDS_ROOT
def test_whiteouts_and_opaque_folders_are_told_as_layers_tell_them(tmp_path: Path) -> None:
    """A device 0:0 is a whiteout; any other is a device."""
    os.mknod(tmp_path / "gone", stat.S_IFCHR | 0o600, os.makedev(0, 0))
    os.mknod(tmp_path / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    (tmp_path / "new").mkdir()
    try:
        os.setxattr(tmp_path / "new", "trusted.overlay.opaque", b"y")
        os.setxattr(tmp_path / "new", "trusted.overlay.impure", b"y")
    except OSError:
        pytest.skip("no trusted attributes here")
    index = copy(tmp_path)
    assert list_kinds(index) == [
        ("gone", EntryType.WHITEOUT),
        ("new", EntryType.DIRECTORY),
        ("new", EntryType.OPAQUE),
        ("null", EntryType.CHARACTER_DEVICE),
    ]
    assert not index.xattrs


@NEEDS_ROOT
def test_a_file_that_lies_elsewhere_is_no_file_of_this_folder(tmp_path: Path) -> None:
    """What overlayfs moved or only described cannot be read here, so the engine is asked instead."""
    (tmp_path / "moved").mkdir()
    try:
        os.setxattr(tmp_path / "moved", "trusted.overlay.redirect", b"/old")
    except OSError:
        pytest.skip("no trusted attributes here")
    with pytest.raises(SourceError, match="overlayfs notes redirect"):
        copy(tmp_path)


def test_there_is_an_end_to_how_many_files_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named, as every ceiling."""
    monkeypatch.setattr(container_upper, "MAX_FILES", 2)
    for number in range(3):
        (tmp_path / str(number)).touch()
    with pytest.raises(SourceError, match="more than 2"):
        copy(tmp_path)
