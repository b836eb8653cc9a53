"""Files of this host, and ranges of them."""

import os
import socket
import threading
from pathlib import Path

import pytest

from layerscope.errors import ImageError, SourceError
from layerscope.sources.file_range import FileRange, FileSlice, PositionedFile
from layerscope.sources.stored_file import HeldFile, HostFile, stamp_file
from support.archives import drain


def find(path: Path, *beneath: str) -> HostFile:
    """A file that is there."""
    file = HostFile.find(str(path), *beneath)
    assert file is not None
    return file


def open_slice(file: HostFile, offset: int, size: int) -> bytes:
    """The bytes of a range."""
    return drain(FileSlice("name", file, offset, size, size).open(), 7)


def count_descriptors() -> int:
    """How many files this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """A file with a hundred digits."""
    path = tmp_path / "digits"
    path.write_bytes(b"0123456789" * 10)
    return path


def test_range_is_read_in_pieces(digits: Path) -> None:
    """No byte before it and none after."""
    assert open_slice(find(digits), 15, 20) == b"56789012345678901234"


def test_range_beyond_the_file_ends_with_it(digits: Path) -> None:
    """A layer that is cut short yields what is there."""
    assert open_slice(find(digits), 95, 20) == b"56789"


def test_ranges_are_independent(digits: Path) -> None:
    """Two readers of one file do not move each other, in whatever threads they are."""
    whole = FileSlice("name", find(digits), 0, 100, 100)
    results: list[bytes] = []
    threads = [threading.Thread(target=lambda: results.append(drain(whole.open(), 3))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [digits.read_bytes()] * 8


def test_closing_twice_does_no_harm(digits: Path) -> None:
    """And the descriptor is gone after the first time."""
    before = count_descriptors()
    stream = FileSlice("name", find(digits), 0, 5, 5).open()
    stream.close()
    stream.close()
    assert count_descriptors() == before


def test_stamp_names_file_and_range(digits: Path) -> None:
    """What the layer cache compares before it believes a file to be unchanged."""
    status = digits.stat()
    stamp = FileSlice("name", find(digits), 10, 20, 20).stamp
    assert stamp is not None
    assert (stamp.inode, stamp.device, stamp.file_size) == (status.st_ino, status.st_dev, 100)
    assert (stamp.modified_ns, stamp.changed_ns) == (status.st_mtime_ns, status.st_ctime_ns)
    assert (stamp.offset, stamp.size) == (10, 20)


def test_changed_file_is_not_read(digits: Path) -> None:
    """What was learned of it before would not hold any more."""
    file = find(digits)
    digits.write_bytes(b"something else")
    with pytest.raises(SourceError, match="has changed since"):
        open_slice(file, 0, 5)


def test_deleted_file_is_named(digits: Path) -> None:
    """The message says which file is gone."""
    file = find(digits)
    digits.unlink()
    with pytest.raises(SourceError, match="digits: No such file"):
        open_slice(file, 0, 5)


def test_missing_file_is_nothing(tmp_path: Path) -> None:
    """Whoever asks for it says what is missing."""
    assert HostFile.find(str(tmp_path / "gone")) is None
    assert HostFile.find(str(tmp_path), "gone", "too") is None


def test_symbolic_link_below_is_refused(digits: Path, tmp_path: Path) -> None:
    """A layout that is handed around must not read files of whoever opens it."""
    (tmp_path / "layout").mkdir()
    (tmp_path / "layout" / "blob").symlink_to(digits)
    with pytest.raises(ImageError, match="a link or no file"):
        HostFile.find(str(tmp_path / "layout"), "blob")


def test_symbolic_link_in_a_folders_place_is_refused(digits: Path, tmp_path: Path) -> None:
    """Nor through a folder that is a link."""
    (tmp_path / "layout").mkdir()
    (tmp_path / "layout" / "blobs").symlink_to(digits.parent)
    with pytest.raises(ImageError, match="a link or no file"):
        HostFile.find(str(tmp_path / "layout"), "blobs", "digits")


def test_link_that_the_user_named_is_followed(digits: Path, tmp_path: Path) -> None:
    """The path itself is the user's own."""
    (tmp_path / "latest").symlink_to(digits)
    assert open_slice(find(tmp_path / "latest"), 0, 3) == b"012"


def test_fifo_in_a_files_place_does_not_hang(tmp_path: Path) -> None:
    """Opening waits for nobody."""
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(ImageError, match="expected a regular file"):
        HostFile.find(str(tmp_path / "fifo"))


def test_directory_and_socket_are_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only regular files hold blobs."""
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for name in ("folder", "socket"):
            with pytest.raises(ImageError, match="regular file"):
                HostFile.find(name)


def test_held_file_lives_without_a_name(digits: Path) -> None:
    """Standard input and temporary files are read by their descriptor."""
    with digits.open("rb") as file:
        held = HeldFile(file, where="standard input", identity=stamp_file(digits.stat()))
        digits.unlink()
        part = FileSlice("name", held, 3, 4, 4)
        assert drain(part.open()) == b"3456"
        assert part.stamp is not None
        assert FileSlice("name", HeldFile(file, where="x", identity=None), 3, 4, 4).stamp is None


def test_failing_disk_is_a_source_error(digits: Path) -> None:
    """The message says which file and where."""
    descriptor = os.open(digits.parent, os.O_RDONLY)
    try:
        with pytest.raises(SourceError, match="reading x at byte 4: Is a directory"):
            FileRange(descriptor, 4, 10, where="x").read(5)
        with pytest.raises(SourceError, match="reading x at byte 6: Is a directory"):
            PositionedFile(descriptor, 100, where="x").read_at(6, 5)
    finally:
        os.close(descriptor)
