"""Archive files: opened without reading them, or as a stream where they are compressed."""

import os
import resource
from pathlib import Path

import pytest

from layerscope.image.image import Image
from layerscope.progress import SilentProgress
from layerscope.sources.archive import ArchiveSource
from layerscope.sources.archive_file import read_members
from layerscope.sources.archive_stream import ArchiveStream
from layerscope.sources.stored_file import HostFile
from support.archives import TINY_LAYER, NothingKnown, open_image, pack, read_image, saved
from support.compression import Packing, compress
from support.tar_header import USTAR_MAGIC, base256, render_header


def open_source(path: Path) -> Image | ArchiveStream:
    """Open an archive file as a source does."""
    return ArchiveSource(str(path)).open_image(platform=None, known=NothingKnown(), progress=SilentProgress())


@pytest.fixture
def huge(tmp_path: Path) -> Path:
    """An archive with a layer of 20 GiB, of which the disk holds next to nothing."""
    path = tmp_path / "huge.tar"
    size = 20 << 30
    header = render_header(
        {"name": b"big/layer.tar", "size": base256(size, "size"), "typeflag": b"0", "magic": USTAR_MAGIC}
    )
    members = saved()
    manifest = members["manifest.json"].replace(b"one/layer.tar", b"big/layer.tar")
    with path.open("wb") as file:
        file.write(header)
        file.seek(size, os.SEEK_CUR)
        file.write(pack({**members, "manifest.json": manifest}))
    return path


def test_archive_of_20_gib_opens_without_reading_it(huge: Path) -> None:
    """Headers and documents are read, a few kilobytes, and nothing of the layer."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    image = open_source(huge)
    assert isinstance(image, Image)
    assert [layer.stored_size for layer in image.layers] == [20 << 30]
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_maxrss - before.ru_maxrss < 50_000
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1


def test_layer_of_20_gib_is_read_in_place(huge: Path) -> None:
    """From its own start, and its stamp names the range."""
    image = open_source(huge)
    assert isinstance(image, Image)
    stream = image.layers[0].open()
    assert stream.read(1 << 20) == bytes(1 << 20)
    stream.close()
    stamp = image.layers[0].stamp
    assert stamp is not None
    assert (stamp.offset, stamp.size, stamp.file_size) == (512, 20 << 30, huge.stat().st_size)


def test_layers_can_be_opened_again_and_side_by_side(tmp_path: Path) -> None:
    """Every reader starts at the layer's first byte."""
    (tmp_path / "image.tar").write_bytes(pack(saved()))
    image = open_source(tmp_path / "image.tar")
    assert isinstance(image, Image)
    first, second = image.layers[0].open(), image.layers[0].open()
    assert first.read(700) == second.read(700) == TINY_LAYER[:700]
    assert first.read(10) == second.read(10)
    first.close()
    second.close()


@pytest.mark.parametrize("packing", [Packing.GZIP, Packing.ZSTD, Packing.XZ, Packing.BZIP2])
def test_compressed_archive_is_a_stream(tmp_path: Path, packing: Packing) -> None:
    """It can only be read from front to back, as often as one likes."""
    path = tmp_path / "image.tar"
    path.write_bytes(compress(pack(saved()), packing))
    assert isinstance(open_source(path), ArchiveStream)
    for _ in range(2):
        opened = read_image(path)
        assert opened.contents == [TINY_LAYER]
        assert opened.image.source == f"docker-archive (compressed with {packing})"


def test_compressed_archive_can_be_opened_for_random_access(tmp_path: Path) -> None:
    """For commands that want one file out of one layer."""
    path = tmp_path / "image.tar.gz"
    path.write_bytes(compress(pack(saved()), Packing.GZIP))
    image = open_image(path)
    for _ in range(2):
        assert image.layers[0].open().read(1 << 20) == TINY_LAYER


def test_members_are_found_by_their_headers(tmp_path: Path) -> None:
    """A name that is not there is nothing, and the archive is known to be whole."""
    (tmp_path / "image.tar").write_bytes(pack(saved()))
    file = HostFile.find(str(tmp_path / "image.tar"))
    assert file is not None
    archive = read_members(file)
    assert archive.find("one/layer.tar") is not None
    assert archive.find("two/layer.tar") is None
    assert archive.damage is None


def test_image_is_named_as_the_user_wrote_it(tmp_path: Path) -> None:
    """With scheme and selector."""
    (tmp_path / "image.tar").write_bytes(pack(saved()))
    text = f"docker-archive:{tmp_path}/image.tar:app:1"
    assert read_image(text).image.reference == text
