"""containerd's content store gives an image by the digest of its manifest or index."""

from pathlib import Path

import pytest

from layerscope.errors import DigestMismatchError, ImageError, PlatformNotFoundError, SourceError
from layerscope.image.digest import Digest
from layerscope.image.platform import Platform
from layerscope.sources import content_store
from layerscope.sources.content_store import ROOT_VARIABLE, STORE, find_content_root, open_content_image
from layerscope.sources.contents import StoredBytes
from layerscope.sources.layout import DirectoryContents
from layerscope.sources.request import ImageRequest
from support.archives import drain
from support.built_image import BuiltImage, build_image
from support.compression import Packing, compress
from support.engine_storage import write_containerd
from support.images import load_fixture
from support.tar_writer import file

REQUEST = ImageRequest("app:1")


@pytest.fixture
def built() -> BuiltImage:
    """Two layers."""
    return build_image([[file("etc/a", b"one")], [file("etc/b", b"two")]])


def test_an_image_is_found_by_the_digest_of_its_manifest(tmp_path: Path, built: BuiltImage) -> None:
    """Blobs are as they were pulled, and stamped, for they lie in files of this host."""
    image_id = Digest.parse(write_containerd(built, tmp_path))
    image = open_content_image(tmp_path, image_id, REQUEST, source="docker")
    assert (image.manifest_digest, image.index_digest, image.reference) == (image_id, None, "app:1")
    assert [drain(layer.open()) for layer in image.layers] == [compress(tar, Packing.GZIP) for tar in built.layers]
    assert all(layer.stamp and layer.descriptor for layer in image.layers)


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_a_platform_is_chosen_from_an_index(tmp_path: Path, architecture: str) -> None:
    """The ID of such an image is its index's digest."""
    image_id = Digest.parse(write_containerd(load_fixture("multi-platform"), tmp_path))
    request = ImageRequest("app:1", platform=Platform("linux", architecture))
    image = open_content_image(tmp_path, image_id, request, source="docker")
    assert (image.index_digest, image.config.architecture) == (image_id, architecture)
    assert image.manifest_digest not in (None, image_id)


def test_a_platform_that_was_not_pulled_is_named(tmp_path: Path) -> None:
    """An engine keeps the whole index and the blobs of one platform."""
    image_id = Digest.parse(write_containerd(load_fixture("multi-platform"), tmp_path))
    arm = open_content_image(
        tmp_path, image_id, ImageRequest("app:1", platform=Platform("linux", "arm64")), source="docker"
    )
    assert arm.manifest_digest is not None
    (tmp_path / STORE / "blobs/sha256" / arm.manifest_digest.hex).unlink()
    with pytest.raises(
        PlatformNotFoundError, match=r"opening app:1 in .*linux/arm64 is listed, but its manifest is not"
    ):
        open_content_image(
            tmp_path, image_id, ImageRequest("app:1", platform=Platform("linux", "arm64")), source="docker"
        )


def test_a_manifest_that_was_changed_is_found_out(tmp_path: Path, built: BuiltImage) -> None:
    """The ID proves the manifest, as the manifest proves the rest."""
    image_id = Digest.parse(write_containerd(built, tmp_path))
    path = tmp_path / STORE / "blobs/sha256" / image_id.hex
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(DigestMismatchError, match="its digest is"):
        open_content_image(tmp_path, image_id, REQUEST, source="docker")


def test_a_layer_that_is_not_kept_is_an_error(tmp_path: Path, built: BuiltImage) -> None:
    """Containerd may be told to drop blobs once they are unpacked; then the engine must be asked."""
    image_id = Digest.parse(write_containerd(built, tmp_path, packing=Packing.NONE))
    (tmp_path / STORE / "blobs/sha256" / built.diff_ids[0][7:]).unlink()
    with pytest.raises(ImageError, match="it holds no layer blobs/sha256/"):
        open_content_image(tmp_path, image_id, REQUEST, source="docker")


def test_the_engines_own_containerd_is_found(tmp_path: Path, built: BuiltImage) -> None:
    """An engine without a system containerd runs one below its own folder."""
    image_id = Digest.parse(write_containerd(built, tmp_path / "containerd/daemon"))
    assert find_content_root(tmp_path, image_id, {}) == tmp_path / "containerd/daemon"


def test_a_configured_root_is_found(tmp_path: Path, built: BuiltImage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts with a large disk move containerd's folder there."""
    image_id = Digest.parse(write_containerd(built, tmp_path / "large"))
    config = tmp_path / "config.toml"
    config.write_text(f'version = 2\nroot = "{tmp_path}/large"\n')
    monkeypatch.setattr(content_store, "CONFIG_FILE", config)
    assert find_content_root(tmp_path, image_id, {}) == tmp_path / "large"


def test_a_named_root_is_the_only_one(tmp_path: Path, built: BuiltImage) -> None:
    """Who names a root means it."""
    image_id = Digest.parse(write_containerd(built, tmp_path / "containerd/daemon"))
    with pytest.raises(SourceError, match=rf"holds {image_id} \(tried /elsewhere; {ROOT_VARIABLE} names another\)"):
        find_content_root(tmp_path, image_id, {ROOT_VARIABLE: "/elsewhere"})


def test_every_root_that_was_tried_is_told(tmp_path: Path) -> None:
    """So that the missing one can be named."""
    nothing = Digest("sha256", "0" * 64)
    with pytest.raises(SourceError, match=rf"tried {tmp_path}/containerd/daemon, .*/var/lib/containerd"):
        find_content_root(tmp_path, nothing, {})


def test_a_root_that_may_not_be_read_is_told(
    tmp_path: Path, built: BuiltImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is closed to its reader is no reason to look no further."""
    image_id = Digest.parse(write_containerd(built, tmp_path / "open"))

    def find(self: DirectoryContents, name: str) -> StoredBytes | None:
        if "closed" in self.path:
            raise SourceError(f"opening {self.path}: Permission denied")
        return found(self, name)

    found = DirectoryContents.find
    monkeypatch.setattr(DirectoryContents, "find", find)
    roots = [tmp_path / "closed", tmp_path / "open"]
    monkeypatch.setattr(content_store, "_candidate_roots", lambda *_: iter(roots))
    assert find_content_root(tmp_path, image_id, {}) == tmp_path / "open"
    roots.pop()
    with pytest.raises(SourceError, match=r"tried opening .*closed/.*: Permission denied"):
        find_content_root(tmp_path, image_id, {})
