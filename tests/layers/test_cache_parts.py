"""Parts of blobs: what was kept comes back, what was torn does not, and one reading at a time is at work on each."""

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.mediatype import OCI_LAYER_GZIP
from layerscope.layers.cache import LayerCache
from layerscope.layers.cache_parts import FRAME_SIZE, SMALLEST_BLOB, Part, is_sound, open_part

CONTENT = random.Random(1).randbytes(2 * FRAME_SIZE + 100)

KEEP_AND_DIE = """
import os, signal, sys
from pathlib import Path
from layerscope.layers.cache_parts import open_part
part = open_part(Path(sys.argv[1]), 1 << 40, lambda amount: None)
list(part.read_frames())
part.add(bytes(3 << 20))
os.kill(os.getpid(), signal.SIGKILL)
"""

Open = Callable[[], Part]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a part lies."""
    return tmp_path / "part"


@pytest.fixture
def reopen(path: Path) -> Open:
    """Opens the part anew."""

    def start() -> Part:
        part = open_part(path, 1 << 40, lambda _amount: None)
        assert part is not None
        return part

    return start


def keep(part: Part, content: bytes, piece: int = FRAME_SIZE // 8) -> None:
    """Read what a part has, add bytes in pieces, and leave it."""
    list(part.read_frames())
    for start in range(0, len(content), piece):
        part.add(content[start : start + piece])
    part.close()


def recall(part: Part) -> bytes:
    """All that a part has."""
    content = b"".join(part.read_frames())
    part.close()
    return content


@pytest.mark.parametrize("piece", [100_000, FRAME_SIZE, 3 * FRAME_SIZE])
def test_what_was_kept_comes_back(piece: int, path: Path, reopen: Open) -> None:
    """In however many pieces it came, and over several readings."""
    keep(reopen(), CONTENT, piece)
    keep(reopen(), b"the rest")
    assert recall(reopen()) == CONTENT + b"the rest"
    assert is_sound(path)


@pytest.mark.parametrize("torn", [1, 100, 107, 108, 200, FRAME_SIZE + 200])
def test_a_torn_part_ends_where_it_was_torn(torn: int, path: Path, reopen: Open) -> None:
    """As after a power failure; what is added later follows what was sound."""
    keep(reopen(), CONTENT)
    left = path.stat().st_size - torn
    with path.open("rb+") as file:
        file.truncate(left)
    whole = left // (FRAME_SIZE + 8) * FRAME_SIZE
    keep(reopen(), CONTENT[whole:])
    assert recall(reopen()) == CONTENT


@pytest.mark.parametrize("place", [0, 4, 8, FRAME_SIZE + 7, FRAME_SIZE + 16, 2 * FRAME_SIZE + 30])
def test_a_changed_byte_ends_a_part(place: int, path: Path, reopen: Open) -> None:
    """Whether it is in a payload, its size or its checksum."""
    keep(reopen(), CONTENT)
    content = bytearray(path.read_bytes())
    content[place] ^= 0x55
    path.write_bytes(content)
    assert not is_sound(path)
    assert recall(reopen()) == CONTENT[: place // (FRAME_SIZE + 8) * FRAME_SIZE]
    assert is_sound(path)


def test_one_reading_at_a_time(path: Path, reopen: Open) -> None:
    """The other goes without, and waits for nobody."""
    first = reopen()
    assert open_part(path, 1 << 40, lambda _amount: None) is None
    first.close()
    reopen().close()


def test_a_dropped_part_is_gone(path: Path, reopen: Open) -> None:
    """Also for whoever comes later."""
    keep(reopen(), CONTENT)
    part = reopen()
    part.drop()
    part.drop()
    assert not path.exists()
    assert recall(reopen()) == b""


def test_no_more_is_kept_than_the_ceiling(path: Path) -> None:
    """What was kept first is what can be used."""
    part = open_part(path, FRAME_SIZE + 10, lambda _amount: None)
    assert part is not None
    keep(part, CONTENT)
    again = open_part(path, FRAME_SIZE + 10, lambda _amount: None)
    assert again is not None
    assert recall(again) == CONTENT[:FRAME_SIZE]


def test_a_full_disk_ends_a_part_and_nothing_else(path: Path, reopen: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was kept until then is of use."""
    part = reopen()
    list(part.read_frames())
    part.add(CONTENT[:FRAME_SIZE])

    def refuse(_file: int, _content: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.writev", refuse)
        part.add(CONTENT[FRAME_SIZE:])
        part.close()
    assert recall(reopen()) == CONTENT[:FRAME_SIZE]
    assert path.exists()


def test_a_killed_reading_leaves_its_part(path: Path, reopen: Open) -> None:
    """And its lock goes with it."""
    killed = subprocess.run([sys.executable, "-c", KEEP_AND_DIE, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert recall(reopen()) == bytes(3 << 20)


def describe(size: int) -> Descriptor:
    """A blob of that many bytes."""
    return Descriptor(OCI_LAYER_GZIP, Digest.of(b"blob"), size)


def test_small_blobs_have_no_part(tmp_path: Path) -> None:
    """They are sooner fetched again; nor has any where nothing may be read or written."""
    cache = LayerCache(tmp_path / "cache", fingerprint="f")
    assert cache.open_part(describe(SMALLEST_BLOB - 1)) is None
    assert LayerCache(tmp_path / "cache", fingerprint="f", read=False).open_part(describe(SMALLEST_BLOB)) is None
    assert LayerCache(tmp_path / "cache", fingerprint="f", write=False).open_part(describe(SMALLEST_BLOB)) is None
    assert not (tmp_path / "cache").exists()
    part = cache.open_part(describe(SMALLEST_BLOB))
    assert part is not None
    part.drop()


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """The audit goes on without."""
    (tmp_path / "cache").write_text("a file")
    cache = LayerCache(tmp_path / "cache", fingerprint="f")
    assert cache.open_part(describe(SMALLEST_BLOB)) is None
    assert any("cannot keep a part" in note for note in cache.notes)


def test_many_small_pieces_are_kept(reopen: Open) -> None:
    """As a slow connection brings them; the kernel takes a thousand at once."""
    keep(reopen(), CONTENT, 300)
    assert recall(reopen()) == CONTENT


def test_a_part_that_was_pruned_is_not_anothers(path: Path, reopen: Open) -> None:
    """Whoever drops it later leaves alone what another reading has begun in its place."""
    first = reopen()
    path.unlink()
    keep(reopen(), CONTENT)
    first.drop()
    assert recall(reopen()) == CONTENT


def test_trouble_with_the_file_ends_a_part(path: Path, reopen: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry has the rest, and nobody blames the layer."""
    keep(reopen(), CONTENT)
    part = reopen()

    def refuse(_file: int, _size: int) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("os.read", refuse)
        patch.setattr("os.ftruncate", refuse)
        assert list(part.read_frames()) == []
        part.add(CONTENT)
        part.close()
    assert is_sound(path)


def test_a_part_that_is_being_written_is_not_judged(path: Path, reopen: Open) -> None:
    """Half a frame is no damage then."""
    keep(reopen(), CONTENT)
    path.write_bytes(path.read_bytes()[:-1])
    part = reopen()
    assert is_sound(path)
    part.close()
    assert not is_sound(path)
