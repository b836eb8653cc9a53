"""What lies beside an image, from a registry that would lead us on for ever, or elsewhere: warned of, never fatal."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from layerscope.sources.registry import pages, referrers
from layerscope.sources.registry.pages import find_next
from support.archives import INDEX_TYPE, MANIFEST_TYPE
from support.built_image import digest_of, render_json
from support.hostile import Attack, Case, Document, arranged, each, make_index, make_manifest, put_document, put_image
from support.registry_server import Registry, RegistryHandler, always, serve_registry

REFERRERS: Final = "/referrers/"
METADATA: Final = "http://169.254.169.254/latest/"


def describe(number: int) -> Document:
    """An artifact of that number."""
    digest = digest_of(str(number).encode())
    return {"mediaType": MANIFEST_TYPE, "digest": digest, "size": 9, "artifactType": "application/spdx+json"}


def page(link: Callable[[Registry, int], str], *, size: int = 2) -> Callable[[Registry], None]:
    """Arranges an image and a list of referrers; `link` is the header of the page of that number."""

    def answer(handler: RegistryHandler, path: str) -> bool:
        if REFERRERS not in path:
            return False
        number = int(handler.path.partition("page=")[2] or 0)
        body = render_json(make_index(*[describe(number * size + at) for at in range(size)]))
        handler.reply(200, body, Link=link(handler.registry, number), Content_Type=INDEX_TYPE)
        return True

    return arranged(answer, user=None)


def following(registry: Registry, number: int) -> str:
    """One page after the other, without end, at an address that changes."""
    del registry
    return f'<?page={number + 1}>; rel="next"'


def listed(said: str) -> list[str]:
    """The digests of what was listed."""
    document: dict[str, Any] = json.loads(said[said.index("{") :])
    return [each["digest"] for each in document["attached"]]


WARNING: Final = "warning: not everything beside the image may be listed"
ASTRAY: Final = {
    "elsewhere": (lambda *_: '<http://127.0.0.1:1/v2/>; rel="next"', "expected one of the same registry"),
    "metadata": (lambda *_: f'<{METADATA}>; rel="next"', "expected one of the same registry"),
    "another scheme": (lambda at, _: f'<https://{at.address}/v2/>; rel="next"', "expected one of the same registry"),
    "a file": (lambda *_: '<file:///etc/passwd>; rel="next"', "expected an http or https address"),
    "with a name in it": (lambda at, _: f'<http://x@{at.address}/>; rel="next"', "expected an http or https address"),
    "no address": (lambda *_: '<http://[x/>; rel="next"', "expected an address"),
    "itself": (lambda *_: '<>; rel="next"', "its pages lead in a circle"),
    "a circle": (lambda _, number: f'<?page={1 - number}>; rel="next"', "its pages lead in a circle"),
    "without end": (following, "still more after 5 pages"),
}


@pytest.mark.parametrize("name", ASTRAY)
def test_pages_that_lead_astray_are_not_followed(name: str, attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was listed before stays, and what is missing is said."""
    monkeypatch.setattr(pages, "MAX_PAGES", 5)
    link, words = ASTRAY[name]
    said = attack(Case(name, page(link), 0, words, command="inspect"))
    assert WARNING in said
    assert digest_of(b"0") in listed(said)


def test_pages_are_followed(attack: Attack, registry: Registry) -> None:
    """To the last one, by the address that the registry gives."""
    last = 3

    def link(at: Registry, number: int) -> str:
        further = f"http://{at.address}/v2/team/demo/referrers/x?page={number + 1}"
        return f'<{further}>; rel="next"' if number < last else ""

    said = attack(Case("pages", page(link), 0, "bill of materials", command="inspect"))
    assert WARNING not in said
    assert sorted(listed(said)) == sorted(digest_of(str(number).encode()) for number in range(8))
    assert registry.count(REFERRERS) == 8  # two runs


def test_pages_are_read_as_whom_we_are(attack: Attack, registry: Registry) -> None:
    """The list of a private repository is private, too."""

    def arrange(registry: Registry) -> None:
        page(lambda *_: "")(registry)
        registry.user, registry.scheme = "tester", "bearer"
        registry.fault, registry.referrers = lambda *_: False, render_json(make_index(describe(0)))

    assert listed(attack(Case("private", arrange, 0, "bill of materials", command="inspect"))) == [digest_of(b"0")]
    assert registry.count("/token") == 2  # two runs


@pytest.mark.parametrize("limit", ["entries", "seconds"])
def test_a_list_has_its_bounds(limit: str, attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    """In entries, and in the time that its pages take."""
    if limit == "entries":
        monkeypatch.setattr(referrers, "MAX_REFERRERS", 5)
    else:
        monkeypatch.setattr(pages, "PAGES_SECONDS", -1.0)
    words = {"entries": "more than 5 referrers, the limit", "seconds": "still more after 1 pages"}[limit]
    said = attack(Case(limit, page(following), 0, words, command="inspect"))
    assert len(listed(said)) == {"entries": 5, "seconds": 2}[limit]


def beside(status: int = 200, body: bytes = b"", **headers: str) -> Callable[[Registry], None]:
    """Arranges an image whose referrers are answered like that."""

    def answer(handler: RegistryHandler, path: str) -> bool:
        if REFERRERS not in path:
            return False
        handler.reply(status, body, **headers)
        return True

    return arranged(answer)


@each(
    [
        Case("no list", beside(body=b"[]"), 0, "expected an object, found a list", command="inspect"),
        Case("a manifest", beside(body=render_json(make_manifest(Registry()))), 0, "expected an index", (), "inspect"),
        Case("too many", beside(body=render_json(make_index(*[describe(0)] * 5000))), 0, "limit 4096", (), "inspect"),
        Case("endless", beside(body=bytes(5 << 20)), 0, "4,194,304 bytes, the limit", command="inspect"),
        Case("inside", beside(307, Location=METADATA), 0, "a forbidden address", command="inspect"),
        Case("in circles", beside(307, Location="?"), 0, "more than 5 redirects", command="inspect"),
        Case("500", beside(500), 0, "answered 500", command="inspect"),
        Case("forbidden", beside(403), 0, "refused, as tester", command="inspect"),
        Case("unknown", beside(405), 0, '"attached": []', command="inspect"),
    ]
)
def test_a_list_that_cannot_be_had_is_a_warning(case: Case, attack: Attack) -> None:
    """The image is shown without."""
    assert (WARNING in attack(case)) == (case.name != "unknown")


def test_signatures_are_found_without_being_fetched(attack: Attack, registry: Registry) -> None:
    """A tag may lead to anything, of any size: its digest is asked for, and nothing else."""
    got: list[str] = []

    def note(handler: RegistryHandler, path: str) -> bool:
        if path.endswith(".sig") and handler.command == "GET":
            got.append(path)
        return False

    def arrange(registry: Registry) -> None:
        image = put_image(registry)
        tag = str(image["digest"]).replace(":", "-")
        put_document(registry, b" " * (3 << 20), tag=f"{tag}.sig")
        registry.fault = note

    said = attack(Case("signature", arrange, 0, '"signature"', command="inspect"))
    assert listed(said) == [digest_of(b" " * (3 << 20))]
    assert got == []
    assert registry.count(".sig") == 2


@pytest.mark.parametrize("how", ["no HEAD", "no digest", "no tag"])
def test_a_registry_that_does_not_tell_a_digest_is_asked_for_the_manifest(how: str, attack: Attack) -> None:
    """Its digest is that of the bytes then."""

    def answer(handler: RegistryHandler, path: str) -> bool:
        if not path.endswith(".sig") or (handler.command == "GET" and how != "no tag"):
            return False
        status = 404 if handler.command == "GET" else 405 if how == "no HEAD" else 200
        handler.reply(status, Docker_Content_Digest="no digest")
        return True

    def arrange(registry: Registry) -> None:
        image = put_image(registry)
        put_document(registry, b"{}", tag=str(image["digest"]).replace(":", "-") + ".sig")
        registry.fault = answer

    said = attack(Case(how, arrange, 0, '"attached"', command="inspect"))
    assert listed(said) == ([] if how == "no tag" else [digest_of(b"{}")])


def test_no_page_is_asked_elsewhere(attack: Attack) -> None:
    """A server that a page leads to hears nothing of it."""
    with serve_registry() as other:
        link = f'<http://{other.address}/v2/>; rel="next"'
        attack(Case("elsewhere", page(lambda *_: link), 0, "expected one of the same registry", command="inspect"))
        assert other.requests == []


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('</v2/x?n=5>; rel="next"', "/v2/x?n=5"),
        ("</v2/x>; rel=next", "/v2/x"),
        ('</a>; rel="prev", </b>; rel="next"', "/b"),
        ('</a>; title="x, y"; rel="first next"', "/a"),
        ('</a>; rel="nextish"', None),
        ("</a>; rel=nexts", None),
        ("", None),
        ("next", None),
        ("<" * 9000, None),
    ],
)
def test_link_headers_are_read(header: str, expected: str | None) -> None:
    """As RFC 8288 has them; what says nothing of a next page ends the list."""
    assert find_next(header) == expected


def test_an_index_that_never_was_is_no_failure(attack: Attack) -> None:
    """Neither API nor tag: there is nothing."""
    attack(Case("nothing", arranged(always(REFERRERS, 404)), 0, '"attached": []', command="inspect"))
