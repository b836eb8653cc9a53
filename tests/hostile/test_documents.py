"""Manifests, indexes and configs as no registry should send them: as answers, and as documents."""

import gzip
import json
from typing import Final

import pytest

from layerscope.image.document import MAX_DOCUMENT_SIZE
from layerscope.sources.registry import connections, contents, transport
from support.archives import INDEX_TYPE, MANIFEST_TYPE
from support.built_image import digest_of
from support.hostile import (
    LAYER,
    LAYER_TYPE,
    Attack,
    Case,
    arranged,
    drip,
    each,
    first,
    make_index,
    make_manifest,
    on,
    put_blob,
    put_config,
    put_document,
    put_image,
    write_raw,
)
from support.registry_server import Fault, Registry, RegistryHandler, always

HEAD: Final = b"HTTP/1.1 200 OK\r\n"
MANIFESTS: Final = "/manifests/"
BOMB: Final = gzip.compress(bytes(MAX_DOCUMENT_SIZE * 2), 9)
LIMIT: Final = f"more than {MAX_DOCUMENT_SIZE:,} bytes, the limit"


def answer(status: int, body: bytes = b"", **headers: str) -> Fault:
    """Answers every request for a manifest alike."""
    return on(MANIFESTS, lambda handler: handler.reply(status, body, **headers))


def raw(content: bytes) -> Fault:
    """Answers every request for a manifest with these bytes."""
    return on(MANIFESTS, write_raw(content))


def send_short(handler: RegistryHandler) -> None:
    """Half of what was promised."""
    handler.reply(200, b"{}", Content_Length="1000")
    handler.hang_up()


ANSWERS: Final = [
    Case("endless", arranged(answer(200, bytes(MAX_DOCUMENT_SIZE + 9))), 3, LIMIT),
    Case("gzip bomb", arranged(answer(200, BOMB, Content_Encoding="gzip")), 3, LIMIT),
    Case("endless error", arranged(answer(404, bytes(MAX_DOCUMENT_SIZE + 9))), 3, LIMIT),
    Case("broken gzip", arranged(answer(200, b"no gzip", Content_Encoding="gzip")), 3, "the answer broke off"),
    Case("shorter than it says", arranged(on(MANIFESTS, send_short)), 3, "the answer broke off after 2 bytes"),
    Case("negative length", arranged(raw(HEAD + b"Content-Length: -5\r\n\r\n{}")), 4, "expected config and layers"),
    Case(
        "two lengths", arranged(raw(HEAD + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}")), 3, "unmatching values"
    ),
    Case("broken chunks", arranged(raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")), 3, "broke off"),
    Case("cut chunks", arranged(raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{")), 3, "broke off"),
    Case("no HTTP", arranged(raw(b"SSH-2.0-OpenSSH_9.2\r\n")), 3, "the manifest 1: "),
    Case("hung up", arranged(on(MANIFESTS, RegistryHandler.hang_up)), 3, "the manifest 1: "),
    Case("long header", arranged(raw(HEAD + b"X: " + b"x" * 70000 + b"\r\n\r\n")), 3, "more than 65536 bytes"),
    Case("many headers", arranged(raw(HEAD + b"X: y\r\n" * 200 + b"\r\n")), 3, "more than 100 headers"),
    Case("no content", arranged(answer(204)), 3, "answered 204"),
    Case("redirect to nowhere", arranged(answer(307)), 3, "answered 307"),
    Case("gone", arranged(answer(410)), 3, "answered 410"),
    Case("forbidden", arranged(answer(403)), 3, "refused, without credentials"),
    Case("503 for ever", arranged(answer(503)), 3, "answered 503 (tried 10 times in "),
    Case("429 for ever", arranged(answer(429, Retry_After="99999")), 3, "answered 429 (tried 10 times in "),
    Case("429 until a day", arranged(answer(429, Retry_After="Fri, 31 Dec 9999 23:59:59 GMT")), 3, "answered 429"),
    Case("401 without a word", arranged(answer(401)), 3, "it asks for nothing, expected basic or bearer"),
    Case("401 of a kind of its own", arranged(answer(401, WWW_Authenticate="Negotiate")), 3, "it asks for negotiate"),
    Case("401 for ever", arranged(answer(401, WWW_Authenticate='Basic realm="x"')), 3, "refused, as tester, from"),
    Case("burst of 5xx", arranged(first(3, always(MANIFESTS, 502))), 0, '"verdict"'),
    Case("burst of 429", arranged(first(3, always(MANIFESTS, 429, Retry_After="0"))), 0, '"verdict"'),
    Case("HTML", arranged(answer(200, b"<html>Log in</html>", Content_Type="text/html")), 4, "not valid JSON"),
    Case("nothing", arranged(answer(200)), 4, "not valid JSON"),
    Case("no manifest", arranged(answer(200, b"[]")), 4, "expected an object, found a list"),
    Case(
        "says it is another one", arranged(answer(200, b"{}", Docker_Content_Digest="sha256:0")), 4, "expected config"
    ),
]


@each(ANSWERS)
def test_an_answer_ends_in_its_own_message(case: Case, attack: Attack) -> None:
    """However it is broken, and however long it would go on."""
    attack(case)


@each(
    [
        Case(
            "body", arranged(on(MANIFESTS, drip(b" ", head=HEAD + b"Content-Length: 9999\r\n\r\n"))), 3, "still no end"
        ),
        Case("head", arranged(on(MANIFESTS, drip(b"x", head=HEAD + b"X: "))), 3, "the head of an answer is not there"),
        Case("headers", arranged(on(MANIFESTS, drip(b"X: y\r\n" * 2, head=HEAD))), 3, "the manifest 1: "),
        Case("100", arranged(on(MANIFESTS, drip(b"HTTP/1.1 100 Continue\r\n\r\n"))), 3, "the head of an answer is not"),
        Case("silence", arranged(on(MANIFESTS, drip(b""))), 3, "the head of an answer is not there"),
    ]
)
def test_what_drips_is_given_up(case: Case, attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever in an answer it is: a byte now and then keeps a connection alive for ever."""
    monkeypatch.setattr(transport, "DOCUMENT_SECONDS", 0.1)
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    attack(case)


def with_layer(**changes: object) -> bytes:
    """A manifest whose layer says that of itself."""
    scratch = Registry()
    manifest = make_manifest(scratch, layers=[{**put_blob(scratch, LAYER, LAYER_TYPE), **changes}])
    return json.dumps(manifest).encode()


def with_members(**changes: object) -> bytes:
    """A manifest with these members besides, or in place of its own."""
    return json.dumps(make_manifest(Registry(), **changes)).encode()


CHILD: Final = {"mediaType": MANIFEST_TYPE, "digest": digest_of(b""), "size": 1}
WRONG: Final = {
    "path in place of a digest": (with_layer(digest="sha256:../../etc/passwd"), "lower-case hexadecimal digits"),
    "digest of no kind": (with_layer(digest="md5:d41d8cd98f00b204e9800998ecf8427e"), "expected ALGORITHM:HEX"),
    "negative size": (with_layer(size=-1), "size is -1, expected 0 or more"),
    "huge size": (with_layer(size=1 << 62), "limit 1099511627776"),
    "no size": (with_layer(size=None), "size: expected a whole number"),
    "thousands of urls": (with_layer(urls=["http://x/"] * 9999), "urls holds 9999 items"),
    "manifest and index": (with_members(manifests=[]), "expected either a manifest or an index"),
    "in capitals": (json.dumps({**make_index(), "Layers": []}).encode(), "expected either a manifest or an index"),
    "another media type": (with_members(mediaType=INDEX_TYPE), "calls itself"),
    "schema 1": (b'{"schemaVersion": 1, "fsLayers": []}', "schema 1 manifest"),
    "schema 9": (with_members(schemaVersion=9), "schemaVersion is 9, expected 2"),
    "too many layers": (with_members(layers=[CHILD] * 2000), "layers holds 2000 items, limit 1024"),
    "deep JSON": (b'{"a":' * 5000 + b"1" + b"}" * 5000, "nested deeper than 32 levels"),
    "a key twice": (b'{"config": 1, "config": 2}', "occurs twice in one object"),
    "not UTF-8": (b'{"a": "\xff"}', "is not UTF-8"),
    "a number of thousands of digits": (b'{"a": ' + b"9" * 5000 + b"}", "a number of 5000 digits"),
    "NaN": (b'{"a": NaN}', "NaN is not JSON"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_document_is_refused(name: str, attack: Attack) -> None:
    """It is an image's fault, and named with its place."""
    content, words = WRONG[name]
    attack(Case(name, lambda registry: put_document(registry, content), 4, words))


def nest(registry: Registry, depth: int) -> None:
    """An index in an index, and so on, with an image at the bottom."""
    inner = put_image(registry)
    for _ in range(depth):
        inner = put_document(registry, make_index(inner), INDEX_TYPE)


def list_thousands(registry: Registry) -> None:
    """An index of more manifests than any image has."""
    put_document(registry, make_index(*[CHILD] * 5000), INDEX_TYPE)


def swell(registry: Registry) -> None:
    """Indexes that are large together, each within its limit."""
    inner = [put_document(registry, make_index(padding="x" * 1000 + str(at)), INDEX_TYPE) for at in range(20)]
    put_document(registry, make_index(*inner), INDEX_TYPE)


def swap_inner(registry: Registry) -> None:
    """An index that leads to itself: the registry gives it for what it lists."""
    lists = {"mediaType": INDEX_TYPE, "digest": digest_of(b"itself"), "size": 500}
    put_document(registry, make_index(lists), INDEX_TYPE)
    registry.manifests[digest_of(b"itself")] = registry.manifests["1"]


def list_attestation(registry: Registry) -> None:
    """An index that lists an attestation and no image."""
    unknown = {"platform": {"os": "unknown", "architecture": "unknown"}}
    marked = {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    put_document(registry, make_index({**put_image(registry), **unknown, **marked}), INDEX_TYPE)


def list_wrong_size(registry: Registry) -> None:
    """An index that gives its only manifest another size than it has."""
    put_document(registry, make_index({**put_image(registry), "size": 5}), INDEX_TYPE)


@each(
    [
        Case("too deep", lambda registry: nest(registry, 9), 4, "indexes nested more than 4 deep"),
        Case("too many", list_thousands, 4, "manifests holds 5000 items, limit 4096"),
        Case("too much", swell, 3, "documents of more than 10,000 bytes, the limit"),
        Case("itself", swap_inner, 4, "500 bytes expected"),
        Case("nothing", lambda registry: put_document(registry, make_index(), INDEX_TYPE), 4, "index lists nothing"),
        Case("attestations", list_attestation, 4, "it holds no container image, only an attestation; expected"),
        Case("a child's size", list_wrong_size, 4, "5 bytes expected"),
    ]
)
def test_an_index_has_its_bounds(case: Case, attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    """In depth, in number, and in what all documents take together."""
    if case.name == "too much":
        monkeypatch.setattr(contents, "MAX_DOCUMENTS", 10_000)
    attack(case)


def test_all_documents_have_a_time_together(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each one is in time, and there may be thousands."""
    monkeypatch.setattr(contents, "DOCUMENTS_SECONDS", -1.0)
    attack(Case("slow", put_image, 3, "documents still missing after -1 s"))


def change_config(registry: Registry, content: bytes) -> None:
    """Another config than the manifest names."""
    put_image(registry)
    registry.blobs[str(put_config(registry)["digest"])] = content


def promise_large_config(registry: Registry) -> None:
    """A config that no memory holds."""
    put_image(registry, config={**put_config(registry), "size": 1 << 39})


def render_no_rootfs(registry: Registry) -> None:
    """A config without layers for a manifest with one."""
    put_image(registry, config=put_blob(registry, b"{}", "application/vnd.oci.image.config.v1+json"))


@each(
    [
        Case("other bytes", lambda registry: change_config(registry, b"{}"), 4, "199 bytes expected, 2 there"),
        Case("endless", lambda registry: change_config(registry, bytes(MAX_DOCUMENT_SIZE + 9)), 3, LIMIT),
        Case("huge by its descriptor", promise_large_config, 4, f"limit {MAX_DOCUMENT_SIZE}"),
        Case("fewer DiffIDs", lambda registry: put_image(registry, layers=[]), 4, "expected as many"),
        Case("no rootfs", render_no_rootfs, 4, "rootfs"),
        Case("gone", arranged(always("/blobs/", 404)), 3, "it is not there"),
    ]
)
def test_a_config_is_held_to_its_descriptor(case: Case, attack: Attack) -> None:
    """And to the manifest that names it."""
    attack(case)


@pytest.mark.parametrize("said", ["", "the digest that was asked for"])
def test_a_pinned_digest_is_that_of_the_bytes(said: str, attack: Attack, registry: Registry) -> None:
    """Whatever the registry says of them (GHSA-qv35-3gw6-8q4j)."""
    digest = str(put_image(registry)["digest"])

    def swap(handler: RegistryHandler) -> None:
        headers = {"Docker_Content_Digest": digest} if said else {}
        handler.reply(200, json.dumps(make_manifest(Registry())).encode() + b" ", **headers)

    attack(Case("swapped", arranged(on(MANIFESTS, swap)), 4, f"expected {digest}", digest=digest))


def test_a_digest_that_only_the_registry_says_is_not_believed(attack: Attack) -> None:
    """A tag leads to the bytes that came, under their own digest."""

    def lie(handler: RegistryHandler) -> None:
        kind, content = handler.registry.manifests["1"]
        handler.reply(200, content, Content_Type=kind, Docker_Content_Digest=digest_of(b"another"))

    said = attack(Case("lie", arranged(on(MANIFESTS, lie)), 0, '"verdict"'))
    assert digest_of(b"another") not in said
