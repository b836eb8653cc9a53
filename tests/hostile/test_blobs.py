"""Layers as no registry should send them: broken on the way, other bytes than were named, and bytes that are a trap."""

import gzip
from collections.abc import Callable
from typing import Final

import pytest

from layerscope.sources.registry import blob_stream, connections
from support.built_image import digest_of
from support.hostile import (
    LAYER,
    LAYER_TYPE,
    TAR,
    Attack,
    Case,
    drip,
    each,
    find_layer,
    first,
    on,
    put_blob,
    put_config,
    put_image,
    write_raw,
)
from support.registry_server import Fault, Registry, RegistryHandler, always

NOISE: Final = b"".join(digest_of(bytes([at % 256, at // 256])).encode() for at in range(2000))
"""Bytes that gzip makes only half as short."""


def layer(fault: Callable[[str], Fault], **changes: object) -> Callable[[Registry], None]:
    """Arranges an image and a fault that is made for the digest of its layer."""

    def arrange(registry: Registry) -> None:
        put_image(registry)
        registry.fault = fault(find_layer(registry))
        for name, value in changes.items():
            setattr(registry, name, value)

    return arrange


def every(act: Callable[[RegistryHandler], object]) -> Callable[[Registry], None]:
    """Arranges an image whose layer is always answered like that."""
    return layer(lambda digest: on(digest, act))


def refused(status: int, **headers: str) -> Callable[[Registry], None]:
    """Arranges an image whose layer is always answered with that status."""
    return layer(lambda digest: always(digest, status, **headers))


def send(body: bytes, status: int = 200, **headers: str) -> Callable[[Registry], None]:
    """Arranges an image whose layer is always answered with that."""
    return every(lambda handler: handler.reply(status, body, **headers))


def cut_once(digest: str) -> Fault:
    """The first half of the layer, once."""
    return first(1, on(digest, write_raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(LAYER) + LAYER[:90])))


def go_on_with(rest: bytes, **headers: str) -> Callable[[Registry], None]:
    """Arranges an image whose layer breaks off, and goes on with that when the rest is asked for."""

    def answer(handler: RegistryHandler) -> None:
        if "Range" in handler.headers:
            handler.reply(206, rest, **headers)
        else:
            write_raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(LAYER) + LAYER[:90])(handler)

    return every(answer)


REST: Final = {"Content_Range": f"bytes 90-{len(LAYER) - 1}/{len(LAYER)}"}
BROKEN: Final = [
    Case("endless", send(LAYER + b"x" * (1 << 20)), 3, f"more than the {len(LAYER)} bytes of its descriptor"),
    Case("endless by its head", send(LAYER, Content_Length="999999999"), 3, "more than the"),
    Case("short", send(LAYER[:-9]), 3, f"now after {len(LAYER) - 9} of {len(LAYER)} bytes"),
    Case("empty", send(b""), 3, f"it ended after 0 of {len(LAYER)} bytes"),
    Case("cut in the middle", layer(cut_once), 0, '"verified": true'),
    Case("cut, and no ranges", layer(cut_once, ranges=False), 0, '"verified": true'),
    Case("goes on with the rest", go_on_with(LAYER[90:], **REST), 0, '"verified": true'),
    Case("goes on with other bytes", go_on_with(bytes(len(LAYER) - 90), **REST), 4, '"verified": false'),
    Case("goes on elsewhere", go_on_with(LAYER[80:], Content_Range="bytes 80-99/100"), 3, "bytes that were asked for"),
    Case("goes on without a word", go_on_with(LAYER[90:]), 3, "expected the bytes that were asked for"),
    Case("a range unasked", send(LAYER, 206, Content_Range="bytes 5-9/9"), 3, "bytes that were asked for"),
    Case("compressed on the way", send(LAYER, Content_Encoding="br"), 3, "in the Content-Encoding 'br', expected"),
    Case("hung up", every(RegistryHandler.hang_up), 3, "the blob sha256:"),
    Case("no HTTP", every(write_raw(b"\0\1\2\3")), 3, "the blob sha256:"),
    Case(
        "broken chunks", every(write_raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz")), 3, "it broke off"
    ),
    Case("gone", refused(404), 3, "it is not there"),
    Case("forbidden", refused(403), 3, "refused, as tester, from"),
    Case("401 for ever", refused(401, WWW_Authenticate='Basic realm="x"'), 3, "refused, as tester, from"),
    Case("401 without a word", refused(401), 3, "it asks for nothing"),
    Case("a range that cannot be", refused(416), 3, "answered 416"),
    Case("no content", refused(204), 3, "answered 204"),
    Case("redirect without a place", refused(302), 3, "answered 302"),
    Case("503 for ever", refused(503), 3, "answered 503"),
    Case("429 for ever", refused(429, Retry_After="99999"), 3, "answered 429"),
    Case("burst of 5xx", layer(lambda digest: first(4, always(digest, 500))), 0, '"verified": true'),
    Case("burst of 429", layer(lambda digest: first(4, always(digest, 429, Retry_After="1"))), 0, '"verified": true'),
]


@each(BROKEN)
def test_a_layer_that_does_not_come_ends_in_its_own_message(case: Case, attack: Attack) -> None:
    """What can be mended is; what cannot says nothing about the image."""
    attack(case)


@each(
    [
        Case("body", every(drip(b"x", head=b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")), 3, "too slow to end"),
        Case("head", every(drip(b"x", head=b"HTTP/1.1 200 OK\r\nX: ")), 3, "the head of an answer is not there"),
        Case("silence", every(drip(b"")), 3, "the head of an answer is not there"),
    ]
)
def test_a_layer_that_drips_is_given_up(case: Case, attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then is as good as none."""
    monkeypatch.setattr(blob_stream, "WINDOW_SECONDS", 0.05)
    monkeypatch.setattr(blob_stream, "SLOWEST", 10**9)
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    attack(case)


def test_a_token_that_ends_in_the_middle_is_renewed(attack: Attack, registry: Registry) -> None:
    """401 for a layer after its first half: the rest comes with another token."""

    def expire(digest: str) -> Fault:
        cut, deny = cut_once(digest), first(1, on(digest, RegistryHandler.challenge))
        return lambda handler, path: (deny if "Range" in handler.headers else cut)(handler, path)

    attack(Case("expired", layer(expire, scheme="bearer"), 0, '"verified": true'))
    assert registry.count("/token") > 2  # with that of the second run


def put_layer(content: bytes, tar: bytes = TAR) -> Callable[[Registry], None]:
    """Arranges an image whose layer is these bytes, under their right digest; its DiffID is that of a tar."""

    def arrange(registry: Registry) -> None:
        described = put_blob(registry, content, LAYER_TYPE)
        put_image(registry, layers=[described], config=put_config(registry, [tar]))

    return arrange


def put_other_bytes(registry: Registry) -> None:
    """Other bytes than the digest is of, as many as it should be."""
    put_image(registry)
    registry.blobs[find_layer(registry)] = LAYER[:-1] + b"?"


SMALL: Final = ("--max-layer-size", "64k")
BAD: Final = [
    Case("other bytes", put_other_bytes, 4, "blob-digest-mismatch"),
    Case("another tar", put_layer(gzip.compress(TAR + bytes(512), mtime=0)), 4, "diff-id-mismatch"),
    Case("gzip cut off", put_layer(LAYER[:-20]), 4, '"verified": false'),
    Case("more behind gzip", put_layer(LAYER + b"more"), 0, "LAY005"),
    Case("no tar", put_layer(gzip.compress(NOISE, mtime=0), NOISE), 4, '"verified": '),
    Case("HTML", put_layer(b"<html>Log in</html>"), 4, '"verified": false'),
    Case("bomb", put_layer(gzip.compress(bytes(1 << 22), mtime=0), bytes(1 << 22)), 4, "limit", SMALL),
    Case("empty blob", put_layer(b"", b""), 1, "LAY009"),
]


@each(BAD)
def test_a_layer_of_bad_bytes_is_damage(case: Case, attack: Attack) -> None:
    """It came whole, so that it is the image's fault: the report names the layer."""
    attack(case)
