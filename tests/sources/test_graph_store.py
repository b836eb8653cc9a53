"""A Docker engine's own store gives an image whose layers are put together in place, or says why it cannot."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.errors import ImageError, PlatformNotFoundError, SourceError
from layerscope.image.digest import Digest
from layerscope.image.image import Image
from layerscope.image.platform import Platform
from layerscope.sources.graph_store import open_graph_image
from layerscope.sources.request import ImageRequest
from support.archives import drain
from support.built_image import BuiltImage, build_image, digest_of
from support.engine_storage import GRAPH_FOLDERS, write_graph
from support.tar_writer import file, whiteout


@pytest.fixture
def built() -> BuiltImage:
    """Three layers, of which two are the same."""
    twice = [file("etc/a", b"two")]
    return build_image([[file("etc/a", b"one"), file("etc/b", b"b")], twice, [whiteout("etc/b")], twice])


def open_image(root: Path, built: BuiltImage, driver: str = "overlay2", platform: str | None = None) -> Image:
    """Open the image by its ID."""
    wanted = Platform.parse(platform) if platform else None
    request = ImageRequest("app:1", platform=wanted)
    return open_graph_image(root, driver, Digest.parse(digest_of(built.config)), request, source="docker")


@pytest.mark.parametrize("driver", GRAPH_FOLDERS)
def test_layers_are_put_together(tmp_path: Path, built: BuiltImage, driver: str) -> None:
    """Every layer is its original tar, whatever the driver calls its folders."""
    write_graph(built, tmp_path, driver=driver)
    image = open_image(tmp_path, built, driver)
    assert [drain(layer.open()) for layer in image.layers] == built.layers


def test_the_image_says_what_it_is(tmp_path: Path, built: BuiltImage) -> None:
    """Config and DiffIDs are there; manifest, descriptors and stamps are not, for the engine keeps no blobs."""
    write_graph(built, tmp_path)
    image = open_image(tmp_path, built)
    assert (image.reference, image.source, image.manifest) == ("app:1", "docker", None)
    assert str(image.config_digest) == digest_of(built.config)
    assert [str(layer.diff_id) for layer in image.layers] == built.diff_ids
    assert {(layer.descriptor, layer.stamp, layer.absent) for layer in image.layers} == {(None, None, None)}
    assert len({layer.name for layer in image.layers}) == len(image.layers)


def test_sizes_are_near_enough_for_progress(tmp_path: Path) -> None:
    """The size of the files is known, that of the headers is estimated."""
    built = build_image([[file(f"{number}", bytes(3000)) for number in range(200)]])
    write_graph(built, tmp_path)
    size = open_image(tmp_path, built).layers[0].stored_size
    assert size == pytest.approx(len(built.layers[0]), rel=0.05)


def test_a_folder_of_another_engine_is_not_taken(tmp_path: Path, built: BuiltImage) -> None:
    """The same path may exist on this host and belong to somebody else."""
    write_graph(build_image([[file("other")]]), tmp_path)
    with pytest.raises(SourceError, match="on this host is not the engine's storage: it has no image sha256:"):
        open_image(tmp_path, built)


def test_a_driver_that_is_not_known_is_named(tmp_path: Path, built: BuiltImage) -> None:
    """No guess is made of where a driver keeps its files."""
    with pytest.raises(SourceError, match="the storage driver zfs is none of overlay2"):
        open_image(tmp_path, built, "zfs")


def test_a_config_that_was_changed_is_found_out(tmp_path: Path, built: BuiltImage) -> None:
    """The ID is the config's digest, and its bytes must have it."""
    write_graph(built, tmp_path)
    path = tmp_path / f"image/overlay2/imagedb/content/sha256/{digest_of(built.config)[7:]}"
    path.write_bytes(built.config.replace(b"linux", b"plan9"))
    with pytest.raises(ImageError, match="its digest is"):
        open_image(tmp_path, built)


def _remove_records(root: Path) -> None:
    next(root.rglob("tar-split.json.gz")).unlink()


def _remove_folder(root: Path) -> None:
    folder = next((root / "overlay2").iterdir())
    folder.rename(folder.with_name("elsewhere"))


def _exchange_diff(root: Path) -> None:
    next(root.rglob("layerdb/sha256/*/diff")).write_text("sha256:" + "0" * 64)


def _lead_outside(root: Path) -> None:
    next(root.rglob("cache-id")).write_text("../../outside")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_remove_records, "the engine kept no tar-split records of layer"),
        (_remove_folder, "has no folder at"),
        (_exchange_diff, "diff: expected sha256:"),
        (_lead_outside, "cache-id: '../../outside', expected a folder's name"),
    ],
)
def test_a_store_that_does_not_fit_says_why(
    tmp_path: Path, built: BuiltImage, damage: Callable[[Path], None], message: str
) -> None:
    """Whatever is missing, the caller can fall back to an export and tell the reason."""
    write_graph(built, tmp_path)
    damage(tmp_path)
    with pytest.raises((SourceError, ImageError), match=message):
        open_image(tmp_path, built)


def test_a_size_that_is_no_number_is_left_out(tmp_path: Path, built: BuiltImage) -> None:
    """It only serves progress."""
    write_graph(built, tmp_path)
    for path in tmp_path.rglob("layerdb/sha256/*/size"):
        path.write_text("many")
    assert all(layer.stored_size for layer in open_image(tmp_path, built).layers)


def test_the_wrong_platform_is_refused(tmp_path: Path, built: BuiltImage) -> None:
    """Such a store has one platform for an image."""
    write_graph(built, tmp_path)
    with pytest.raises(PlatformNotFoundError, match="linux/arm64 was asked for"):
        open_image(tmp_path, built, platform="linux/arm64")


def test_records_of_a_newer_kind_of_gzip_are_read(tmp_path: Path, built: BuiltImage) -> None:
    """Engines compress records in parallel, as several members."""
    write_graph(built, tmp_path)
    path = next(tmp_path.rglob("tar-split.json.gz"))
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content[:100]) + gzip.compress(content[100:]))
    assert [drain(layer.open()) for layer in open_image(tmp_path, built).layers] == built.layers
