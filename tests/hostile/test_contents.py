"""Odd contents that a registry may hold, as the conformance suite of the distribution specification makes them.

https://github.com/opencontainers/distribution-spec/tree/main/conformance (`OCI_DATA_*`): each is the image that it is,
or said to be none.
"""

import base64
import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from support.archives import CONFIG_TYPE, INDEX_TYPE, MANIFEST_TYPE, render_config
from support.built_image import digest_of, render_json
from support.hostile import (
    LAYER,
    LAYER_TYPE,
    RUNTIME,
    TAR,
    Attack,
    Case,
    Document,
    each,
    make_index,
    make_manifest,
    put_blob,
    put_config,
    put_document,
    put_image,
)
from support.registry_server import Registry

AMD64: Final = {"os": "linux", "architecture": "amd64"}
ARM64: Final = {"os": "linux", "architecture": "arm64"}
ONE: Final = ("--platform", "linux/amd64")
ODD: Final = "application/vnd.example"
EMPTY_TYPE: Final = "application/vnd.oci.empty.v1+json"
NONDISTRIBUTABLE: Final = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
VERIFIED: Final = '"verified": true'


def missing(kind: str = MANIFEST_TYPE, platform: object = None) -> Document:
    """What is listed and was never pushed."""
    return {"mediaType": kind, "digest": digest_of(b"never pushed"), "size": 12, "platform": platform}


def lists(*make: Callable[[Registry], Document], **more: object) -> Callable[[Registry], object]:
    """Arranges an index of what these put there."""
    return lambda registry: put_document(registry, make_index(*[one(registry) for one in make], **more), INDEX_TYPE)


def amd64(registry: Registry) -> Document:
    """An image for linux/amd64."""
    return {**put_image(registry), "platform": AMD64}


def artifact(registry: Registry, **changes: object) -> Document:
    """A manifest with an empty config and a layer of its own kind."""
    config = put_blob(registry, b"{}", EMPTY_TYPE)
    own = {"config": config, "layers": [put_blob(registry, b"x", "application/vnd.example")]}
    document = make_manifest(registry, **own, artifactType="application/vnd.example")
    return put_document(registry, {**document, **changes})


def nested(registry: Registry) -> Document:
    """An index of that image."""
    return put_document(registry, make_index(amd64(registry)), INDEX_TYPE)


def image(**changes: object) -> Callable[[Registry], object]:
    """Arranges an image with these members."""
    return lambda registry: put_image(registry, **changes)


def with_config(content: bytes, kind: str = CONFIG_TYPE) -> Callable[[Registry], object]:
    """Arranges an image with that config."""
    return lambda registry: put_image(registry, config=put_blob(registry, content, kind))


def no_layers(layers: object) -> Callable[[Registry], object]:
    """Arranges an image without any layer, however that is spelt."""
    content = render_config([])
    return lambda registry: put_image(registry, layers=layers, config=put_blob(registry, content, CONFIG_TYPE))


def with_layer(**more: object) -> Callable[[Registry], object]:
    """Arranges an image whose layer is described like that."""
    return lambda registry: put_image(registry, layers=[{**put_blob(registry, LAYER, LAYER_TYPE), **more}])


def in_sha512(registry: Registry) -> object:
    """An image all of whose blobs are named by SHA-512."""
    layer = put_blob(registry, LAYER, LAYER_TYPE, algorithm="sha512")
    manifest = make_manifest(registry, layers=[layer], config=put_config(registry, algorithm="sha512"))
    return put_document(registry, make_index(put_document(registry, manifest, algorithm="sha512")), INDEX_TYPE)


def custom(document: Document) -> Document:
    """A document with fields that no specification has."""
    return {**document, "org.example.extra": {"deep": [1, None, {"x": "y"}]}}


CONFIG: Final = render_config([digest_of(TAR)], config=RUNTIME)
CASES: Final = [
    Case("image", put_image, 0, VERIFIED),
    Case("index", lists(amd64), 0, '"index_digest": "sha256:'),
    Case("nested index", lists(nested), 0, VERIFIED),
    Case("sparse: another platform", lists(amd64, lambda _: missing(platform=ARM64)), 0, VERIFIED, ONE),
    Case("sparse: this platform", lists(lambda _: missing(platform=AMD64)), 3, "there is none", ONE),
    Case("sparse: every platform", lists(lambda _: missing(platform=ARM64)), 3, "there is none"),
    Case("sparse: an index", lists(amd64, lambda _: missing(INDEX_TYPE)), 0, VERIFIED),
    Case("sparse: nothing but an index", lists(lambda _: missing(INDEX_TYPE)), 4, "it holds no container image"),
    Case("sparse: a layer", image(layers=[missing(LAYER_TYPE)]), 3, "it is not there"),
    Case("sparse: the config", image(config=missing(CONFIG_TYPE)), 3, "it is not there"),
    Case("artifact", artifact, 4, "an artifact of type application/vnd.example"),
    Case("artifact without a type", lambda at: artifact(at, artifactType=None), 4, "an artifact with an empty config"),
    Case("artifacts in an index", lists(artifact), 4, "an artifact of type application/vnd.example"),
    Case("subject", lambda at: put_image(at, subject=put_image(at)), 0, VERIFIED),
    Case("missing subject", image(subject=missing()), 0, VERIFIED),
    Case("index with a subject", lists(amd64, subject=missing()), 0, VERIFIED),
    Case("data field", with_layer(data=base64.b64encode(LAYER).decode()), 0, VERIFIED),
    Case("data field that lies", with_layer(data=base64.b64encode(b"another").decode()), 0, VERIFIED),
    Case("nondistributable and pushed", with_layer(mediaType=NONDISTRIBUTABLE), 0, VERIFIED),
    Case("custom fields", lambda at: put_document(at, custom(make_manifest(at))), 0, VERIFIED),
    Case("custom fields in an index", lambda at: put_document(at, custom(make_index(amd64(at))), INDEX_TYPE), 0, "{"),
    Case("custom fields in a config", with_config(render_json(custom(json.loads(CONFIG)))), 0, VERIFIED),
    Case("no layers", no_layers([]), 0, '"layers": []'),
    Case("no layers, null", no_layers(None), 0, '"layers": []'),
    Case("empty blob as config", with_config(b""), 4, "not valid JSON"),
    Case("sha512", in_sha512, 0, "a sha512 digest, of which only SHA-256 is recomputed"),
    Case("sha512 for a reader", in_sha512, 0, "the DiffID is right", command="tree"),
    Case("layer of an unknown kind", with_layer(mediaType="application/vnd.example.layer"), 0, VERIFIED),
    Case("config of an unknown kind", with_config(CONFIG, "application/vnd.example.config"), 0, VERIFIED),
    Case("config of no kind", with_config(b"a model", "application/vnd.example.config"), 4, "not valid JSON"),
    Case("list of an unknown kind", lists(amd64, lambda _: missing(ODD)), 0, VERIFIED),
    Case("list of unknown kinds", lists(lambda _: missing(ODD)), 4, "it holds no container"),
    Case("answered as octets", lambda at: put_document(at, make_manifest(at), "application/octet-stream"), 0, VERIFIED),
    Case("answered as an index", lambda at: put_document(at, make_manifest(at), INDEX_TYPE), 4, "calls itself"),
]


@each(CASES)
def test_odd_contents_are_what_they_are(case: Case, attack: Attack) -> None:
    """An image is audited, and anything else is named."""
    attack(case)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_pinned_image_is_there_offline(algorithm: str, attack: Attack, registry: Registry) -> None:
    """By whichever algorithm it is pinned."""
    digest = str(put_document(registry, make_manifest(registry), algorithm=algorithm)["digest"])
    attack(Case("online", put_image, 0, VERIFIED, digest=digest))
    asked = len(registry.requests)
    said = attack(Case("offline", put_image, 0, "from the cache alone", ("--offline",), digest=digest))
    assert digest in said
    assert len(registry.requests) == asked


def test_the_same_image_is_found_through_any_of_them(attack: Attack) -> None:
    """Alone, in an index and in one inside: the manifest is the same."""
    ways: list[Any] = [put_image, lists(amd64), lists(nested)]
    digests = set()
    for way in ways:
        said = attack(Case("way", way, 0, '"manifest_digest": "'))
        digests.add(said.partition('"manifest_digest": "')[2].partition('"')[0])
    assert len(digests) == 1
