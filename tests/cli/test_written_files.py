"""Several files are written together: each keeps its mode and owner, and none is changed where one cannot be."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.cli.written_files import hold_files, restore_files, write_files
from layerscope.errors import UsageError
from layerscope.fixes.dockerfile.file_changes import FileChange


def change(folder: Path, name: str, before: str | None, after: str) -> FileChange:
    """A change of a file that holds what it should."""
    if before is not None:
        (folder / name).write_text(before)
    return FileChange(name, folder / name, before, after)


def read(folder: Path) -> dict[str, str]:
    """All files of a folder, temporary ones too."""
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_files_keep_mode_and_owner(tmp_path: Path) -> None:
    """A new one gets what files have."""
    changes = [change(tmp_path, "old", "1", "2"), change(tmp_path, "new", None, "3")]
    (tmp_path / "old").chmod(0o604)
    if os.geteuid() == 0:
        os.chown(tmp_path / "old", 12, 34)
    expected = (tmp_path / "old").stat()
    write_files(changes)
    found = (tmp_path / "old").stat()
    assert read(tmp_path) == {"old": "2", "new": "3"}
    assert (found.st_mode, found.st_uid, found.st_gid) == (expected.st_mode, expected.st_uid, expected.st_gid)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o644


def spoil_text(path: Path) -> None:
    """Somebody writes something else."""
    path.write_text("somebody's")


def spoil_kind(path: Path) -> None:
    """Somebody puts a link to the same text there."""
    path.rename(path.with_name("real"))
    path.symlink_to("real")


@pytest.mark.parametrize("spoil", [spoil_text, spoil_kind, Path.unlink])
def test_a_file_that_is_another_leaves_all(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    """Nothing is written, not even beside them."""
    changes = [change(tmp_path, "a", "1", "2"), change(tmp_path, "b", "1", "2")]
    spoil(tmp_path / "b")
    before = read(tmp_path)
    with pytest.raises(UsageError, match="writing 'b': it was changed since it was read; nothing was written"):
        write_files(changes)
    assert read(tmp_path) == before


def test_a_folder_that_takes_no_file_leaves_all(tmp_path: Path) -> None:
    """It is gone, say."""
    changes = [change(tmp_path, "a", "1", "2"), FileChange("b", tmp_path / "gone/b", None, "2")]
    with pytest.raises(UsageError, match="writing 'b': No such file or directory; nothing was written"):
        write_files(changes)
    assert read(tmp_path) == {"a": "1"}


@pytest.mark.parametrize("is_kept", [True, False])
def test_held_files_are_put_back_unless_they_are_kept(tmp_path: Path, *, is_kept: bool) -> None:
    """A new one goes."""
    complaints: list[str] = []
    changes = [change(tmp_path, "a", "1", "2"), change(tmp_path, "b", None, "2")]
    with hold_files(changes, complaints.append) as keep:
        assert read(tmp_path) == {"a": "2", "b": "2"}
        if is_kept:
            keep()
    assert read(tmp_path) == ({"a": "2", "b": "2"} if is_kept else {"a": "1"})
    assert complaints == []


def test_a_file_that_is_put_back_has_its_times(tmp_path: Path) -> None:
    """To the nanosecond; builders and make(1) go by them."""
    changes = [change(tmp_path, "a", "1", "2")]
    os.utime(tmp_path / "a", ns=(1_000_000_000_000_000_001, 1_200_000_000_000_000_003))
    with hold_files(changes, print):
        assert (tmp_path / "a").stat().st_mtime_ns > 1_500_000_000_000_000_000
    assert (tmp_path / "a").stat().st_mtime_ns == 1_200_000_000_000_000_003


def test_a_file_of_several_hard_links_leaves_all(tmp_path: Path) -> None:
    """The others would keep the old text."""
    changes = [change(tmp_path, "a", "1", "2"), change(tmp_path, "b", "1", "2")]
    (tmp_path / "other").hardlink_to(tmp_path / "b")
    with pytest.raises(UsageError, match="writing 'b': it has 2 hard links, of which one alone would be changed"):
        write_files(changes)
    assert read(tmp_path) == {"a": "1", "b": "1", "other": "1"}


def test_what_somebody_changed_meanwhile_is_not_put_back(tmp_path: Path) -> None:
    """It is named."""
    changes = [change(tmp_path, "a", "1", "2"), change(tmp_path, "b", None, "2")]
    write_files(changes)
    (tmp_path / "a").write_text("3")
    assert restore_files(changes, {}) == ["a"]
    assert read(tmp_path) == {"a": "3"}
