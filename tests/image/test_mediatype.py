"""MediaType: what each known type is, and that unknown ones are nothing."""

import pytest

from layerscope.image import mediatype
from layerscope.image.mediatype import MediaType

LAYERS = [
    (mediatype.OCI_LAYER, "none", False),
    (mediatype.OCI_LAYER_GZIP, "gzip", False),
    (mediatype.OCI_LAYER_ZSTD, "zstd", False),
    (mediatype.OCI_FOREIGN_LAYER, "none", True),
    (mediatype.OCI_FOREIGN_LAYER_GZIP, "gzip", True),
    (mediatype.OCI_FOREIGN_LAYER_ZSTD, "zstd", True),
    (mediatype.DOCKER_LAYER, "none", False),
    (mediatype.DOCKER_LAYER_GZIP, "gzip", False),
    (mediatype.DOCKER_LAYER_ZSTD, "zstd", False),
    (mediatype.DOCKER_FOREIGN_LAYER, "none", True),
    (mediatype.DOCKER_FOREIGN_LAYER_GZIP, "gzip", True),
]


@pytest.mark.parametrize(("media_type", "compression", "is_foreign"), LAYERS)
def test_layer_types_tell_compression_and_whether_they_are_foreign(
    media_type: MediaType, compression: str, is_foreign: bool
) -> None:
    """Docker's and OCI's layers say how they are stored and whether they may be pushed."""
    assert (media_type.is_layer, media_type.compression, media_type.is_foreign) == (True, compression, is_foreign)


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("application/vnd.oci.image.manifest.v1+json", "is_manifest"),
        ("application/vnd.docker.distribution.manifest.v2+json", "is_manifest"),
        ("application/vnd.oci.image.index.v1+json", "is_index"),
        ("application/vnd.docker.distribution.manifest.list.v2+json", "is_index"),
        ("application/vnd.oci.image.config.v1+json", "is_config"),
        ("application/vnd.docker.container.image.v1+json", "is_config"),
        ("application/vnd.docker.distribution.manifest.v1+json", "is_schema1"),
        ("application/vnd.docker.distribution.manifest.v1+prettyjws", "is_schema1"),
        ("application/vnd.in-toto+json", "is_attestation"),
        ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "is_layer"),
        ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", ""),
        ("application/octet-stream", ""),
        ("", ""),
    ],
)
def test_each_type_answers_yes_to_its_own_questions_only(text: str, questions: str) -> None:
    """No type is two things at once, and unknown ones are none."""
    asked = ["is_manifest", "is_index", "is_schema1", "is_config", "is_layer", "is_foreign", "is_attestation"]
    assert [name for name in asked if getattr(MediaType(text), name)] == questions.split()


@pytest.mark.parametrize("text", ["application/vnd.oci.image.layer.v1.tar+xz", "application/json", "tar"])
def test_compression_is_unknown_where_the_type_does_not_tell(text: str) -> None:
    """An unknown suffix or another type has no compression, not `none`."""
    assert MediaType(text).compression is None


def test_an_encrypted_layer_tells_no_compression() -> None:
    """What lies under the encryption cannot be told by looking at the bytes."""
    assert MediaType("application/vnd.oci.image.layer.v1.tar+gzip+encrypted").compression is None
