"""Streams written to a temporary file without a name."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from layerscope.errors import ImageError, SourceError, UsageError
from layerscope.image.image import Image
from layerscope.progress import SilentProgress
from layerscope.sources.select import SourceOptions, select_source
from layerscope.sources.spool import spool
from support.archives import TINY_LAYER, NothingKnown, drain, pack, saved
from support.compression import Packing, compress
from support.memory_layer import BrokenStream


def open_spooled(content: bytes, folder: Path) -> Image:
    """Open standard input for random access."""
    options = SourceOptions(random_access=True, spool_directory=str(folder))
    source = select_source("-", stdin=io.BytesIO(content), options=options)
    assert source.describe == "-"
    image = source.open_image(platform=None, known=NothingKnown(), progress=SilentProgress())
    assert isinstance(image, Image)
    return image


@pytest.mark.parametrize("packing", [Packing.NONE, Packing.GZIP, Packing.ZSTD, Packing.XZ, Packing.BZIP2])
def test_standard_input_can_be_read_at_any_place(tmp_path: Path, packing: Packing) -> None:
    """Each layer opens as often as one likes."""
    image = open_spooled(compress(pack(saved()), packing), tmp_path)
    for _ in range(3):
        assert drain(image.layers[0].open()) == TINY_LAYER
    assert image.source == "docker-archive (from standard input)"
    assert image.layers[0].stamp is None


def test_spooled_file_has_no_name(tmp_path: Path) -> None:
    """Nothing is left behind, however the process ends."""
    image = open_spooled(pack(saved()), tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert drain(image.layers[0].open()) == TINY_LAYER


def test_nothing_is_left_when_the_process_is_killed(tmp_path: Path) -> None:
    """Not even in the middle of it."""
    program = (
        "import os, sys\n"
        "from layerscope.sources.spool import spool\n"
        "class Endless:\n"
        "    count = 0\n"
        "    def read(self, size):\n"
        "        self.count += 1\n"
        "        if self.count > 3: os.kill(os.getpid(), 9)\n"
        "        return bytes(size)\n"
        "spool(Endless(), sys.argv[1], where='x')\n"
    )
    run = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert run.returncode == -9
    assert list(tmp_path.iterdir()) == []


def test_full_disk_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the folder."""

    def write(_descriptor: int, _chunk: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("layerscope.sources.spool.os.write", write)
    with pytest.raises(SourceError, match=f"spooling x in {tmp_path}: No space left on device, expected room"):
        spool(io.BytesIO(b"content"), str(tmp_path), where="x")


def test_missing_folder_is_named(tmp_path: Path) -> None:
    """A folder that was configured and is not there."""
    with pytest.raises(SourceError, match=f"no temporary file in {tmp_path}/gone"):
        spool(io.BytesIO(b"content"), f"{tmp_path}/gone", where="x")


def test_broken_stream_is_its_own_error(tmp_path: Path) -> None:
    """Not one of the disk that it is written to."""
    with pytest.raises(SourceError, match="the disk failed"):
        spool(BrokenStream(bytes(3 << 20), 1 << 20), str(tmp_path), where="x")


@pytest.mark.parametrize(
    ("content", "error"), [(b"", SourceError), (b"some text", UsageError), (bytes(2000), ImageError)]
)
def test_what_is_no_archive_is_told(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    """As it is without spooling."""
    with pytest.raises(error):
        open_spooled(content, tmp_path)


def test_layout_needs_no_spooling(tmp_path: Path) -> None:
    """What can be opened at any time is left where it is."""
    (tmp_path / "image.tar").write_bytes(pack(saved()))
    source = select_source(f"{tmp_path}/image.tar", options=SourceOptions(random_access=True))
    image = source.open_image(platform=None, known=NothingKnown(), progress=SilentProgress())
    assert isinstance(image, Image)
    assert image.layers[0].stamp is not None
