"""Descriptor: media type, digest and size, strictly."""

from collections.abc import Mapping

import pytest

from layerscope.errors import DocumentError, LimitError
from layerscope.image.descriptor import MAX_BLOB_SIZE, MAX_URLS, Descriptor, parse_descriptor
from layerscope.image.digest import Digest
from layerscope.image.mediatype import OCI_LAYER_GZIP
from layerscope.image.platform import Platform

DIGEST = "sha256:" + "a" * 64


def raw_descriptor(**changes: object) -> Mapping[str, object]:
    """A layer's descriptor with some members replaced."""
    return {"mediaType": str(OCI_LAYER_GZIP), "digest": DIGEST, "size": 7, **changes}


def test_a_plain_descriptor_is_read() -> None:
    """Three members are enough."""
    assert parse_descriptor(raw_descriptor(), where="x") == Descriptor(OCI_LAYER_GZIP, Digest.parse(DIGEST), 7)


def test_every_other_member_is_read() -> None:
    """Addresses, annotations, platform and artifact type are kept."""
    raw = raw_descriptor(
        urls=["https://example.com/l"],
        annotations={"k": "v"},
        platform={"os": "linux", "architecture": "arm64"},
        artifactType="application/x",
    )
    assert parse_descriptor(raw, where="x") == Descriptor(
        OCI_LAYER_GZIP,
        Digest.parse(DIGEST),
        7,
        ("https://example.com/l",),
        {"k": "v"},
        Platform("linux", "arm64"),
        "application/x",
    )


def test_null_members_read_as_absent() -> None:
    """Go writes null for what is empty."""
    raw = raw_descriptor(urls=None, annotations=None, platform=None, artifactType=None)
    assert parse_descriptor(raw, where="x") == parse_descriptor(raw_descriptor(), where="x")


def test_an_unknown_media_type_is_kept() -> None:
    """What a type means is asked later; here it only has to be one."""
    assert str(parse_descriptor(raw_descriptor(mediaType="text/spam"), where="x").media_type) == "text/spam"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": -1}, "reading manifest m: size is -1, expected 0 or more"),
        ({"size": True}, "size: expected a whole number, found true"),
        ({"size": 1.5}, "size: expected a whole number, found the number 1.5"),
        ({"size": "7"}, "size: expected a whole number, found the string '7'"),
        ({"size": None}, "size: expected a whole number, found nothing"),
        ({"digest": None}, "digest is missing"),
        ({"digest": "sha256:abc"}, "digest: digest 'sha256:abc': expected 64"),
        ({"digest": "md5:" + "a" * 32}, "expected ALGORITHM:HEX with one of sha256"),
        ({"digest": DIGEST.upper()}, "expected ALGORITHM:HEX"),
        ({"digest": 5}, "digest: expected a string, found the number 5"),
        ({"mediaType": None}, "mediaType is missing"),
        ({"mediaType": ""}, "mediaType is missing"),
        ({"mediaType": "gzip"}, "mediaType 'gzip': expected TYPE/SUBTYPE"),
        ({"mediaType": "a/b\x1b[31m"}, r"expected TYPE/SUBTYPE"),
        ({"urls": "https://example.com"}, "urls: expected a list"),
        ({"annotations": {"a": 1}}, r"annotations\['a'\]: expected a string"),
        ({"platform": "linux/amd64"}, "platform: expected an object"),
    ],
)
def test_bad_members_are_refused_with_their_place(changes: Mapping[str, object], message: str) -> None:
    """Each member of a wrong type or value is named, with what was expected."""
    with pytest.raises(DocumentError, match=message):
        parse_descriptor(raw_descriptor(**changes), where="manifest m")


@pytest.mark.parametrize("raw", [None, [], "text", 5])
def test_something_else_than_an_object_is_refused(raw: object) -> None:
    """A list of layers that holds null or a string is named."""
    with pytest.raises(DocumentError, match="reading manifest m: layers: expected an object, found"):
        parse_descriptor(raw, where="manifest m: layers")


def test_a_size_at_the_limit_is_read() -> None:
    """The ceiling itself is allowed."""
    assert parse_descriptor(raw_descriptor(size=MAX_BLOB_SIZE), where="x").size == MAX_BLOB_SIZE


@pytest.mark.parametrize("size", [MAX_BLOB_SIZE + 1, 2**63, 10**19])
def test_a_size_over_the_limit_is_refused(size: int) -> None:
    """A huge claim is a LimitError before anyone allocates for it."""
    with pytest.raises(LimitError, match=f"size is {size} bytes, limit {MAX_BLOB_SIZE}"):
        parse_descriptor(raw_descriptor(size=size), where="x")


def test_too_many_addresses_are_refused() -> None:
    """A foreign layer with a thousand addresses is no layer."""
    with pytest.raises(LimitError, match=f"limit {MAX_URLS}"):
        parse_descriptor(raw_descriptor(urls=["https://example.com"] * (MAX_URLS + 1)), where="x")


def test_buildkit_attestations_are_told_by_their_annotation() -> None:
    """A manifest that describes another one is not an image of its own."""
    annotations = {"vnd.docker.reference.type": "attestation-manifest"}
    assert parse_descriptor(raw_descriptor(annotations=annotations), where="x").is_attestation
    assert not parse_descriptor(raw_descriptor(), where="x").is_attestation
