"""Podman's store gives an image whose layers are put together in place, or says why it cannot."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.errors import ImageError, PlatformNotFoundError, SourceError
from layerscope.image.digest import Digest
from layerscope.image.image import Image
from layerscope.image.platform import Platform
from layerscope.sources.podman_store import name_big_data, open_podman_image
from layerscope.sources.request import ImageRequest
from support.archives import drain
from support.built_image import BuiltImage, build_image, digest_of
from support.engine_storage import write_podman
from support.tar_writer import file, whiteout


@pytest.fixture
def built() -> BuiltImage:
    """Three layers."""
    return build_image([[file("etc/a", b"one")], [file("etc/b", b"two")], [whiteout("etc/a")]])


def open_image(root: Path, built: BuiltImage, *, driver: str = "overlay", platform: Platform | None = None) -> Image:
    """Open the image by its ID."""
    image_id = Digest.parse(digest_of(built.config))
    return open_podman_image(root, driver, image_id, ImageRequest("app:1", platform=platform), source="podman")


def test_layers_are_put_together_bottom_first(tmp_path: Path, built: BuiltImage) -> None:
    """Podman lists layers in any order, each with its parent."""
    write_podman(built, tmp_path)
    image = open_image(tmp_path, built)
    assert [drain(layer.open()) for layer in image.layers] == built.layers
    assert [layer.stored_size for layer in image.layers] == [len(layer) for layer in built.layers]


def test_the_manifest_that_podman_kept_is_the_images(tmp_path: Path, built: BuiltImage) -> None:
    """Its digest is told, and its descriptors are not claimed: podman keeps no blobs."""
    write_podman(built, tmp_path)
    image = open_image(tmp_path, built)
    path = tmp_path / f"overlay-images/{image.config_digest.hex}/manifest"
    assert image.manifest_digest == Digest.of(path.read_bytes())
    assert image.manifest is not None
    assert {layer.descriptor for layer in image.layers} == {None}


def test_an_image_without_a_manifest_is_an_image(tmp_path: Path, built: BuiltImage) -> None:
    """A manifest is told where there is one."""
    write_podman(built, tmp_path)
    (tmp_path / f"overlay-images/{digest_of(built.config)[7:]}/manifest").unlink()
    image = open_image(tmp_path, built)
    assert (image.manifest, image.manifest_digest) == (None, None)


def _forget_image(root: Path) -> None:
    (root / "overlay-images/images.json").write_text("[]")


def _forget_layer(root: Path) -> None:
    path = root / "overlay-layers/layers.json"
    path.write_text(json.dumps(json.loads(path.read_text())[:-1]))


def _exchange_layer(root: Path) -> None:
    path = root / "overlay-layers/layers.json"
    layers = json.loads(path.read_text())
    layers[0]["diff-digest"] = "sha256:" + "0" * 64
    path.write_text(json.dumps(layers))


def _make_circle(root: Path) -> None:
    path = root / "overlay-layers/layers.json"
    layers = json.loads(path.read_text())
    layers[-1]["parent"] = layers[0]["id"]
    path.write_text(json.dumps(layers))


def _lead_outside(root: Path) -> None:
    layers = root / "overlay-layers/layers.json"
    listed = json.loads(layers.read_text())
    images = root / "overlay-images/images.json"
    images.write_text(images.read_text().replace(listed[0]["id"], "../out"))
    layers.write_text(layers.read_text().replace(listed[0]["id"], "../out"))


def _remove_records(root: Path) -> None:
    next(root.rglob("*.tar-split.gz")).unlink()


def _remove_lists(root: Path) -> None:
    (root / "overlay-layers/layers.json").unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_forget_image, "on this host is not podman's storage: it has no image"),
        (_forget_layer, "is not in podman's storage itself"),
        (_exchange_layer, "their DiffIDs are not those of the config"),
        (_make_circle, "is not in podman's storage itself"),
        (_lead_outside, r"layer '\.\./out': expected an ID"),
        (_remove_records, "the engine kept no tar-split records"),
        (_remove_lists, r"there is no .*layers\.json on this host"),
    ],
)
def test_a_store_that_does_not_fit_says_why(
    tmp_path: Path, built: BuiltImage, damage: Callable[[Path], None], message: str
) -> None:
    """Whatever is missing, the caller can fall back to an export and tell the reason."""
    write_podman(built, tmp_path)
    damage(tmp_path)
    with pytest.raises((SourceError, ImageError), match=message):
        open_image(tmp_path, built)


def test_a_driver_that_is_not_known_is_named(tmp_path: Path, built: BuiltImage) -> None:
    """No guess is made of where a driver keeps its files."""
    with pytest.raises(SourceError, match="the storage driver btrfs is none of overlay, vfs"):
        open_image(tmp_path, built, driver="btrfs")


def test_the_wrong_platform_is_refused(tmp_path: Path, built: BuiltImage) -> None:
    """Such a store has one platform for an image."""
    write_podman(built, tmp_path)
    with pytest.raises(PlatformNotFoundError, match="linux/arm64 was asked for"):
        open_image(tmp_path, built, platform=Platform("linux", "arm64"))


@pytest.mark.parametrize(
    ("key", "name"),
    [("manifest", "manifest"), ("sha256:ab", "=c2hhMjU2OmFi"), ("Manifest", "=TWFuaWZlc3Q="), ("a.0", "a.0")],
)
def test_names_of_documents_are_podmans(key: str, name: str) -> None:
    """Other than small letters, digits and dots make base64 of the whole name."""
    assert name_big_data(key) == name
