"""Where a registry may not lead us: inside, elsewhere with what lets us in, in circles, to what is no web address."""

import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from layerscope.errors import LoginError, TransferError
from layerscope.sources.registry import address_check, login, transport
from layerscope.sources.registry.address_check import Reach
from layerscope.sources.registry.client import RegistryClient
from layerscope.sources.registry.endpoint import Endpoint
from support.built_image import digest_of, render_json
from support.hostile import (
    LAYER_TYPE,
    PASSWORD,
    Attack,
    Case,
    arranged,
    each,
    find_layer,
    on,
    put_config,
    put_image,
)
from support.registry_server import Registry, RegistryHandler, always, serve_registry

MANIFESTS: Final = "/manifests/"
METADATA: Final = "http://169.254.169.254/latest/meta-data/"


def lead(part: str, place: str, status: int = 307) -> Callable[[Registry], None]:
    """Arranges an image, and a redirect for what has that in its path."""
    return arranged(always(part, status, Location=place))


def realm(place: str) -> Callable[[Registry], None]:
    """Arranges an image of a registry whose tokens are had there."""
    return arranged(always(MANIFESTS, 401, WWW_Authenticate=f'Bearer realm="{place}",service="test"'))


REDIRECTS: Final = [
    Case("metadata", lead(MANIFESTS, METADATA), 3, "leads to 169.254.169.254 (169.254.169.254), a forbidden address"),
    Case("metadata mapped", lead(MANIFESTS, "http://[::ffff:a9fe:a9fe]/"), 3, "a forbidden address"),
    Case("metadata as a number", lead(MANIFESTS, "http://2852039166/"), 3, "a forbidden address"),
    Case("private", lead(MANIFESTS, "http://10.0.0.1/"), 3, "leads to 10.0.0.1 (10.0.0.1), a private address"),
    Case("private by /blobs/", lead("/blobs/", "http://192.168.0.1/x"), 3, "a private address"),
    Case("file", lead(MANIFESTS, "file:///etc/passwd"), 3, "expected an http or https address"),
    Case("ftp", lead(MANIFESTS, "ftp://127.0.0.1/x"), 3, "expected an http or https address"),
    Case("with a name in it", lead(MANIFESTS, f"http://tester:{PASSWORD}@127.0.0.1/"), 3, "expected an http or"),
    Case("backslash", lead(MANIFESTS, "http://127.0.0.1\\@evil.test/"), 3, "expected an http or https address"),
    Case("no address", lead(MANIFESTS, "http://[x/"), 3, "expected an address"),
    Case("no port", lead(MANIFESTS, "http://127.0.0.1:99999/"), 3, "expected an http or https address"),
    Case("to itself", lead(MANIFESTS, "/v2/team/demo/manifests/1"), 3, "more than 5 redirects"),
    Case("to itself, for good", lead(MANIFESTS, "?", 301), 3, "more than 5 redirects"),
    Case("blobs to themselves", lead("/blobs/", "?x"), 3, "more than 5 redirects"),
]


@each(REDIRECTS)
def test_a_redirect_leads_to_no_such_place(case: Case, attack: Attack) -> None:
    """Literal addresses are not even called."""
    attack(case)


@each(
    [
        Case("metadata", realm(METADATA), 3, "leads to 169.254.169.254 (169.254.169.254), a forbidden address"),
        Case("private", realm("http://10.0.0.1/token"), 3, "leads to 10.0.0.1 (10.0.0.1), a private address"),
        Case("file", realm("file:///etc/passwd"), 3, "expected an http or https address"),
        Case("relative", realm("/token"), 3, "expected an http or https address"),
        Case("none", arranged(always(MANIFESTS, 401, WWW_Authenticate="Bearer")), 3, "expected an http or https"),
        Case("with a name in it", realm("http://tester@127.0.0.1/"), 3, "expected an http or https address"),
        Case("broken", arranged(always(MANIFESTS, 401, WWW_Authenticate='Bearer realm="x')), 3, "expected an http"),
    ]
)
def test_tokens_are_had_at_no_such_place(case: Case, attack: Attack) -> None:
    """Where there is a name and a password to lose, too."""
    attack(case)


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A server inside: names that end in `inside.test` lead to it, and this host's own address passes for public."""
    look_up = socket.getaddrinfo

    def resolve(host: str, *arguments: Any, **options: Any) -> Any:
        return look_up("127.0.0.2" if str(host).endswith("inside.test") else host, *arguments, **options)

    reaches = {"127.0.0.1": Reach.PUBLIC, "127.0.0.2": Reach.PRIVATE}
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(address_check, "judge_address", reaches.__getitem__)
    with serve_registry("127.0.0.2") as server:
        server.address = server.address.replace("127.0.0.2", "db.inside.test")
        yield server


@pytest.mark.parametrize("how", ["redirect", "blob", "realm"])
def test_a_name_that_leads_inside_is_told_nothing(how: str, attack: Attack, inside: Registry) -> None:
    """It is looked at when the connection stands, before anything is sent."""
    place = f"http://{inside.address}/x"
    arrange = {"redirect": lead(MANIFESTS, place), "blob": lead("/blobs/", place), "realm": realm(place)}[how]
    attack(Case(how, arrange, 3, "leads to db.inside.test (127.0.0.2), a private address"))
    assert inside.requests == []


@pytest.fixture
def thief() -> Iterator[Registry]:
    """A server elsewhere that would like to know who we are."""
    with serve_registry() as server:
        server.user, server.scheme = "tester", "bearer"
        yield server


def lead_away(thief: Registry, part: str) -> Callable[[Registry], None]:
    """Arranges an image, and a redirect to elsewhere once we have said who we are."""

    def answer(handler: RegistryHandler, path: str) -> bool:
        if part not in path or handler.headers.get("Authorization") is None:
            return False
        handler.reply(307, b"", Location=f"http://{thief.address}{path}")
        return True

    return arranged(answer)


@pytest.mark.parametrize("part", [MANIFESTS, "/blobs/"])
def test_nobody_elsewhere_is_told_who_we_are(part: str, attack: Attack, thief: Registry) -> None:
    """Not by following, not when asked, not for a token."""
    attack(Case(part, lead_away(thief, part), 3, "where it leads, asks who we are, and is not told"))
    assert thief.requests
    assert set(thief.authorizations) == {None}
    assert thief.count("/token") == 0


def test_what_lies_elsewhere_is_fetched_without_credentials(attack: Attack, thief: Registry) -> None:
    """As registries keep their blobs in clouds."""
    put_image(thief)
    thief.user = None
    attack(Case("elsewhere", lead_away(thief, "/blobs/"), 0, '"verified": true'))
    assert set(thief.authorizations) == {None}


@pytest.mark.parametrize("kind", [LAYER_TYPE, "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"])
def test_the_addresses_of_a_layer_are_never_asked(kind: str, attack: Attack, thief: Registry) -> None:
    """A foreign layer is listed as not carried, and the audit goes on; any other is the registry's to send."""
    urls = [f"http://{thief.address}/v2/team/demo/blobs/x", METADATA, "file:///etc/passwd"]

    def arrange(registry: Registry) -> None:
        described = {"mediaType": kind, "digest": digest_of(b"elsewhere"), "size": 9, "urls": urls}
        put_image(registry, layers=[described], config=put_config(registry, [b"elsewhere"]))

    code, words = (3, "it is not there") if kind == LAYER_TYPE else (0, thief.address)
    attack(Case(kind, arrange, code, words))
    assert thief.requests == []


def echo(act: Callable[[RegistryHandler, str], None]) -> Callable[[Registry], None]:
    """Arranges a registry that says back what it was told, once it was told something."""

    def answer(handler: RegistryHandler, path: str) -> bool:
        told = handler.headers.get("Authorization")
        if told is None or "/token" in path:
            return False
        act(handler, told.partition(" ")[2])
        return True

    return arranged(answer)


def in_words(handler: RegistryHandler, told: str) -> None:
    """In what it says of an error."""
    words = f"who is {told} with {PASSWORD}, {'x' * 200} {PASSWORD}{PASSWORD}"
    handler.reply(400, render_json({"errors": [{"code": "DENIED", "message": words}]}))


ECHOES: Final[dict[str, tuple[Callable[[RegistryHandler, str], None], str]]] = {
    "in its words": (in_words, "who is *** with ***"),
    "in an address": (
        lambda handler, told: handler.reply(307, b"", Location=f"ftp://x.test/{PASSWORD}/{told}"),
        "ftp://x.test/***/***",
    ),
    "in a name": (
        lambda handler, told: handler.reply(307, b"", Location=f"http://10.0.0.1/{told}"),
        "a private address",
    ),
    "in a realm": (
        lambda handler, told: handler.reply(401, b"", WWW_Authenticate=f'Bearer realm="ftp://x/{PASSWORD}/{told}"'),
        "tokens are had at",
    ),
    "in a scheme": (lambda handler, _: handler.reply(401, b"", WWW_Authenticate=PASSWORD), "it asks for "),
}


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
@pytest.mark.parametrize("how", ECHOES)
def test_what_is_said_back_is_struck_out(how: str, scheme: str, attack: Attack) -> None:
    """A registry cannot put our password into a log, however it says it."""
    act, words = ECHOES[how]

    def arrange(registry: Registry) -> None:
        echo(act)(registry)
        registry.scheme = scheme

    attack(Case(how, arrange, 3, words))


def test_a_blob_s_headers_are_struck_out(attack: Attack) -> None:
    """Where they are named as what was wrong."""

    def arrange(registry: Registry) -> None:
        put_image(registry)
        registry.fault = on(find_layer(registry), lambda handler: handler.reply(200, Content_Encoding=PASSWORD))

    attack(Case("encoding", arrange, 3, "in the Content-Encoding"))


class _Redirect:
    """An answer that leads on."""

    status = 307

    def __init__(self, place: str) -> None:
        """Lead there."""
        self.headers = {"Location": place}

    def close(self) -> None:
        """Nothing is open."""


def test_tls_is_not_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a redirect to the clear, whoever answers there."""
    monkeypatch.setattr(transport.Transport, "_send", lambda *_: _Redirect("http://registry.test/x"))
    client = RegistryClient(Endpoint("https", "registry.test"), "team/demo", lambda: None, {})
    with pytest.raises(TransferError, match=r"a redirect from TLS to plain HTTP, at http://registry.test/x"):
        client.read_manifest("1")


def test_a_password_leaves_tls_for_no_token() -> None:
    """A realm in the clear is refused where the registry speaks TLS."""
    where = transport.Transport(Endpoint("https", "registry.test"), {})
    asked = login.Login(where, (login.make_scope("team/demo"),), lambda: None)
    with pytest.raises(LoginError, match="expected https as for the registry"):
        asked.answer(('Bearer realm="http://registry.test/token"',), {}, task="asking")
