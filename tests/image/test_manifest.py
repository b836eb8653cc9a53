"""Manifests and indexes: told apart by their shape, refused when they could be both."""

import json
from collections.abc import Mapping

import pytest

from layerscope.errors import DocumentError, LimitError
from layerscope.image.manifest import MAX_LAYERS, MAX_MANIFESTS, ImageIndex, Manifest, parse_document
from layerscope.image.mediatype import DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST, MediaType

OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def descriptor(media_type: str, digit: str = "a") -> dict[str, object]:
    """A descriptor of that media type."""
    return {"mediaType": media_type, "digest": "sha256:" + digit * 64, "size": 5}


def manifest(**changes: object) -> dict[str, object]:
    """A manifest of one layer with some members replaced."""
    return {"schemaVersion": 2, "config": descriptor(OCI_CONFIG), "layers": [descriptor(LAYER, "b")], **changes}


def index(**changes: object) -> dict[str, object]:
    """An index of one manifest with some members replaced."""
    return {"schemaVersion": 2, "manifests": [descriptor(str(OCI_MANIFEST), "c")], **changes}


def parse(document: Mapping[str, object], media_type: str | None = None) -> Manifest | ImageIndex:
    """The document parsed from its JSON."""
    return parse_document(json.dumps(document).encode(), where="document d", media_type=media_type)


def test_a_manifest_is_read() -> None:
    """Config and layers come out in order."""
    found = parse(manifest(layers=[descriptor(LAYER, "1"), descriptor(LAYER, "2")]))
    assert isinstance(found, Manifest)
    assert [layer.digest.hex[0] for layer in found.layers] == ["1", "2"]
    assert str(found.config.media_type) == OCI_CONFIG


def test_an_index_is_read() -> None:
    """The manifests of an index come out with their platforms."""
    entry = descriptor(str(OCI_MANIFEST)) | {"platform": {"os": "linux", "architecture": "arm64"}}
    found = parse(index(manifests=[entry], annotations={"a": "b"}))
    assert isinstance(found, ImageIndex)
    assert [str(each.platform) for each in found.manifests] == ["linux/arm64"]
    assert found.annotations == {"a": "b"}


def test_subject_artifact_type_and_annotations_are_read() -> None:
    """What newer manifests carry is kept."""
    found = parse(manifest(subject=descriptor(str(OCI_MANIFEST), "d"), artifactType="a/b", annotations={"k": "v"}))
    assert isinstance(found, Manifest)
    assert found.subject is not None
    assert (found.subject.digest.hex[0], found.artifact_type, found.annotations) == ("d", "a/b", {"k": "v"})


def test_null_layers_are_none() -> None:
    """Go writes null for an image without layers."""
    found = parse(manifest(layers=None))
    assert isinstance(found, Manifest)
    assert found.layers == ()


def test_null_manifests_are_none() -> None:
    """An empty index is an index."""
    assert parse(index(manifests=None)) == ImageIndex(OCI_INDEX, ())


@pytest.mark.parametrize(
    ("document", "descriptor_says", "expected"),
    [
        (manifest(), None, OCI_MANIFEST),
        (manifest(config=descriptor(DOCKER_CONFIG)), None, DOCKER_MANIFEST),
        (manifest(mediaType=str(DOCKER_MANIFEST)), None, DOCKER_MANIFEST),
        (manifest(), str(DOCKER_MANIFEST), DOCKER_MANIFEST),
        (manifest(mediaType=str(OCI_MANIFEST)), str(OCI_MANIFEST), OCI_MANIFEST),
        (index(), None, OCI_INDEX),
        (index(mediaType=str(DOCKER_MANIFEST_LIST)), None, DOCKER_MANIFEST_LIST),
    ],
)
def test_the_media_type_is_the_one_said_or_implied(
    document: Mapping[str, object], descriptor_says: str | None, expected: MediaType
) -> None:
    """The document's own word counts, then its descriptor's, then its shape."""
    assert parse(document, descriptor_says).media_type == expected


@pytest.mark.parametrize(
    "document",
    [
        manifest(manifests=[]),
        manifest(manifests=None),
        manifest(Manifests=[]),
        index(layers=[]),
        index(Layers=[]),
        index(config=descriptor(OCI_CONFIG)),
        index(blobs=[]),
    ],
)
def test_a_document_that_could_be_both_is_refused(document: Mapping[str, object]) -> None:
    """CVE-2021-41190: two readers must not see two images under one digest."""
    with pytest.raises(DocumentError, match="at once, expected either a manifest or an index"):
        parse(document)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (manifest(mediaType=str(OCI_INDEX)), "holds layers, but its media type is the index"),
        (index(mediaType=str(OCI_MANIFEST)), "holds manifests, but its media type is the manifest"),
        (index(mediaType=str(DOCKER_MANIFEST)), "holds manifests, but its media type is the manifest"),
        (manifest(mediaType="nonsense"), "mediaType 'nonsense': expected TYPE/SUBTYPE"),
    ],
)
def test_a_media_type_that_contradicts_the_shape_is_refused(document: Mapping[str, object], message: str) -> None:
    """A document may not call itself what it is not."""
    with pytest.raises(DocumentError, match=message):
        parse(document)


@pytest.mark.parametrize(
    ("document", "descriptor_says", "message"),
    [
        (manifest(), OCI_INDEX, "holds layers, but its media type is the index"),
        (index(), OCI_MANIFEST, "holds manifests, but its media type is the manifest"),
        (manifest(mediaType=str(OCI_MANIFEST)), DOCKER_MANIFEST, "calls itself .*oci.*, its descriptor says .*docker"),
    ],
)
def test_a_media_type_that_contradicts_the_descriptor_is_refused(
    document: Mapping[str, object], descriptor_says: MediaType, message: str
) -> None:
    """What points to a document and the document agree on what it is."""
    with pytest.raises(DocumentError, match=message):
        parse(document, str(descriptor_says))


@pytest.mark.parametrize(
    ("document", "descriptor_says"),
    [
        ({"schemaVersion": 1, "name": "library/x", "fsLayers": [], "history": []}, None),
        ({"schemaVersion": 1}, None),
        ({"schemaVersion": 2, "fsLayers": []}, None),
        (manifest(mediaType="application/vnd.docker.distribution.manifest.v1+json"), None),
        ({}, "application/vnd.docker.distribution.manifest.v1+prettyjws"),
    ],
)
def test_schema_1_is_refused_with_the_way_out(document: Mapping[str, object], descriptor_says: str | None) -> None:
    """Docker's first format has no DiffIDs; the message says what to do."""
    with pytest.raises(DocumentError, match=r"schema 1 manifest.*pull and push the image again"):
        parse(document, descriptor_says)


@pytest.mark.parametrize("version", [0, 3, -1])
def test_other_schema_versions_are_refused(version: int) -> None:
    """Only version 2 is known."""
    with pytest.raises(DocumentError, match=f"schemaVersion is {version}, expected 2"):
        parse(manifest(schemaVersion=version))


def test_an_absent_schema_version_is_read_as_2() -> None:
    """Runtimes run such images, so an audit must read them."""
    document = manifest()
    del document["schemaVersion"]
    assert isinstance(parse(document), Manifest)


@pytest.mark.parametrize("document", [{}, {"schemaVersion": 2}, {"layers": []}, {"config": descriptor(OCI_CONFIG)}])
def test_a_document_that_is_neither_is_refused(document: Mapping[str, object]) -> None:
    """A config, or an empty object, is no manifest."""
    with pytest.raises(DocumentError, match=r"expected config and layers \(a manifest\) or manifests \(an index\)"):
        parse(document)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (manifest(config=None), "document d: config: expected an object, found nothing"),
        (manifest(layers={}), "document d: layers: expected a list, found an object"),
        (manifest(layers=[None]), r"document d: layers\[0\]: expected an object, found nothing"),
        (manifest(layers=[descriptor(LAYER) | {"size": -5}]), r"document d: layers\[0\]: size is -5"),
        (index(manifests=[descriptor(LAYER) | {"digest": "x"}]), r"document d: manifests\[0\]: digest"),
        (manifest(subject=[]), "document d: subject: expected an object"),
        (manifest(annotations=[]), "document d: annotations: expected an object"),
    ],
)
def test_bad_members_are_named_by_their_place(document: Mapping[str, object], message: str) -> None:
    """The message leads to the layer or manifest that is wrong."""
    with pytest.raises(DocumentError, match=message):
        parse(document)


def test_too_many_layers_are_refused() -> None:
    """More layers than any runtime mounts is a LimitError."""
    with pytest.raises(LimitError, match=f"layers holds {MAX_LAYERS + 1} items, limit {MAX_LAYERS}"):
        parse(manifest(layers=[descriptor(LAYER)] * (MAX_LAYERS + 1)))


def test_too_many_manifests_are_refused() -> None:
    """An index without end is a LimitError."""
    with pytest.raises(LimitError, match=f"manifests holds {MAX_MANIFESTS + 1} items, limit {MAX_MANIFESTS}"):
        parse(index(manifests=[descriptor(str(OCI_MANIFEST))] * (MAX_MANIFESTS + 1)))
