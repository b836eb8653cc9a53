"""What must hold between documents."""

import pytest

from layerscope.errors import DigestMismatchError, DocumentError
from layerscope.image.config import ImageConfig, RuntimeConfig
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.manifest import Manifest
from layerscope.image.mediatype import DOCKER_CONFIG, OCI_CONFIG, OCI_EMPTY, OCI_LAYER_GZIP, OCI_MANIFEST, MediaType
from layerscope.image.validate import check_content, check_documents, check_is_image, check_layer_count

DIGEST = Digest.of(b"")
IN_TOTO = MediaType("application/vnd.in-toto+json")


def manifest(
    layers: int = 1,
    *,
    config: MediaType = OCI_CONFIG,
    layer: MediaType = OCI_LAYER_GZIP,
    artifact_type: str | None = None,
) -> Manifest:
    """A manifest of that many layers."""
    descriptors = (Descriptor(layer, DIGEST, 0),) * layers
    return Manifest(OCI_MANIFEST, Descriptor(config, DIGEST, 0), descriptors, artifact_type=artifact_type)


def config(diff_ids: int) -> ImageConfig:
    """A config of that many DiffIDs."""
    return ImageConfig("amd64", "linux", None, None, None, "", RuntimeConfig(), (DIGEST,) * diff_ids, ())


@pytest.mark.parametrize("count", [0, 1, 5])
def test_as_many_layers_as_diff_ids_pass(count: int) -> None:
    """Each layer has its DiffID."""
    check_documents(manifest(count), config(count), where="image i")
    check_layer_count(count, config(count), where="image i")


@pytest.mark.parametrize(("layers", "diff_ids"), [(2, 3), (3, 2), (1, 0), (0, 1)])
def test_another_number_of_diff_ids_is_refused(layers: int, diff_ids: int) -> None:
    """Both numbers are named."""
    message = f"reading image i: the manifest lists {layers} layers, its config {diff_ids} DiffIDs"
    with pytest.raises(DocumentError, match=message):
        check_documents(manifest(layers), config(diff_ids), where="image i")


def test_another_number_of_stored_layers_is_refused() -> None:
    """An archive without a manifest is held to its config."""
    with pytest.raises(DocumentError, match="reading image i: 2 layers, its config lists 3 DiffIDs"):
        check_layer_count(2, config(3), where="image i")


@pytest.mark.parametrize(
    "image",
    [
        manifest(),
        manifest(0),
        manifest(config=DOCKER_CONFIG),
        manifest(config=MediaType("application/octet-stream")),
        manifest(artifact_type="application/vnd.example"),
    ],
)
def test_images_pass(image: Manifest) -> None:
    """A known config makes an image, an unknown one may be."""
    check_is_image(image, where="image i")


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        (manifest(layer=IN_TOTO), "an in-toto attestation"),
        (manifest(config=OCI_EMPTY), "an artifact with an empty config"),
        (manifest(config=OCI_EMPTY, artifact_type="application/spdx+json"), "an artifact of type application/spdx"),
        (manifest(config=MediaType("a/b"), artifact_type="a/c"), "an artifact of type a/c"),
    ],
)
def test_artifacts_are_told_from_images(other: Manifest, kind: str) -> None:
    """Signatures, attestations and charts are said to be what they are."""
    with pytest.raises(DocumentError, match=f"this is {kind}.*, expected a container image"):
        check_is_image(other, where="image i")


def test_content_that_is_what_its_descriptor_names_passes() -> None:
    """Size and digest are both right."""
    check_content(b"{}", Descriptor(OCI_CONFIG, Digest.of(b"{}"), 2), where="config c")


@pytest.mark.parametrize(
    ("descriptor", "message"),
    [
        (Descriptor(OCI_CONFIG, Digest.of(b"{}"), 3), "reading config c: 2 bytes, its descriptor promises 3"),
        (Descriptor(OCI_CONFIG, Digest.of(b"[]"), 2), "reading config c: its digest is sha256:.*, expected sha256:"),
    ],
)
def test_other_content_is_refused(descriptor: Descriptor, message: str) -> None:
    """A wrong size is told as such, a wrong digest with both values."""
    with pytest.raises(DigestMismatchError, match=message):
        check_content(b"{}", descriptor, where="config c")
