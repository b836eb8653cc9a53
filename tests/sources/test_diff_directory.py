"""Files below a layer's folder are found as the engine unpacked them, and nothing outside is."""

import errno
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from layerscope.sources.diff_directory import DiffDirectory, normal_parts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file in a folder, and a file beside it that must not be read."""
    (tmp_path / "outside").write_bytes(b"the host's")
    (tmp_path / "diff/usr/lib").mkdir(parents=True)
    (tmp_path / "diff/usr/lib/x").write_bytes(b"the layer's")
    return tmp_path / "diff"


@pytest.fixture
def directory(folder: Path) -> Iterator[DiffDirectory]:
    """The same folder, opened."""
    with closing(DiffDirectory(folder)) as opened:
        yield opened


def read(directory: DiffDirectory, name: bytes) -> bytes:
    """The content of a file."""
    descriptor = directory.open(name)
    try:
        return os.read(descriptor, 100)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("name", [b"usr/lib/x", b"./usr/lib/x", b"/usr//lib/x", b"usr/./lib/x", b"a/../usr/lib/x"])
def test_names_are_cleaned_as_engines_clean_them(directory: DiffDirectory, name: bytes) -> None:
    """A tar may spell a path in many ways."""
    assert read(directory, name) == b"the layer's"


@pytest.mark.parametrize("name", [b"../outside", b"usr/../../outside", b"../../../../../../etc/passwd"])
def test_names_cannot_climb_out(directory: DiffDirectory, name: bytes) -> None:
    """`..` above the folder stays in the folder, where there is no such file."""
    with pytest.raises(FileNotFoundError):
        read(directory, name)


@pytest.mark.parametrize("target", ["usr/lib", "./usr/../usr/lib", "/usr/lib", "../../usr/lib", "other"])
def test_a_link_among_the_parents_is_followed_inside(folder: Path, directory: DiffDirectory, target: str) -> None:
    """A file that was unpacked through a link lies where the link leads, with the folder as the root of all."""
    (folder / "other").symlink_to("usr/lib")
    (folder / "lib").symlink_to(target)
    assert read(directory, b"lib/x") == b"the layer's"


@pytest.mark.parametrize("target", ["..", "../..", "/", "/usr/../.."])
def test_a_link_cannot_lead_out(folder: Path, directory: DiffDirectory, target: str) -> None:
    """The parent of the folder is the folder."""
    (folder / "up").symlink_to(target)
    with pytest.raises(FileNotFoundError):
        read(directory, b"up/outside")


def test_a_link_in_a_files_place_is_not_followed(folder: Path, directory: DiffDirectory) -> None:
    """The file itself must be there, whatever a link in its place leads to."""
    (folder / "file").symlink_to("usr/lib/x")
    with pytest.raises(OSError, match="symbolic link") as raised:
        read(directory, b"file")
    assert raised.value.errno == errno.ELOOP


def test_links_in_a_circle_end(folder: Path, directory: DiffDirectory) -> None:
    """A circle is an error, not a hang."""
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        read(directory, b"a/x")


def test_a_fifo_does_not_hang(folder: Path, directory: DiffDirectory) -> None:
    """What is no file is opened without waiting, and holds nothing."""
    os.mkfifo(folder / "pipe")
    assert read(directory, b"pipe") == b""


def test_neighbours_and_strangers_are_found_in_any_order(folder: Path, directory: DiffDirectory) -> None:
    """The folder that is remembered is never the wrong one, also after a name that failed."""
    (folder / "usr/x").write_bytes(b"above")
    (folder / "x").write_bytes(b"top")
    names = [b"usr/lib/x", b"x", b"usr/x", b"usr/lib/x", b"usr/lib/x", b"x"]
    found = []
    for name in names:
        with pytest.raises(FileNotFoundError):
            read(directory, b"usr/none/" + name)
        found.append(read(directory, name))
    assert found == [b"the layer's", b"top", b"above", b"the layer's", b"the layer's", b"top"]


def test_closing_leaves_nothing_open(folder: Path) -> None:
    """Folders on the way are closed with the directory."""
    before = count_descriptors()
    directory = DiffDirectory(folder)
    read(directory, b"usr/lib/x")
    directory.close()
    assert count_descriptors() == before


def count_descriptors() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize(
    ("name", "parts"),
    [(b"a/b", [b"a", b"b"]), (b"/a//b/.", [b"a", b"b"]), (b"../a/../b", [b"b"]), (b"", []), (b"a/../..", [])],
)
def test_parts_of_a_name(name: bytes, parts: list[bytes]) -> None:
    """Empty parts and dots go, and `..` takes one part with it at most."""
    assert normal_parts(name) == parts
