"""Token servers that misbehave, and those that speak OAuth2 alone."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, quote

import pytest

from layerscope.image.document import MAX_DOCUMENT_SIZE
from layerscope.sources.registry import connections, login, transport
from layerscope.sources.registry.credentials import Credential
from layerscope.sources.registry.endpoint import Endpoint
from support.hostile import PASSWORD, Attack, Case, arranged, drip, each, find_layer, first, on, put_image, write_raw
from support.registry_server import Fault, Registry, RegistryHandler, always, serve_registry


def tokens(fault: Fault) -> Callable[[Registry], None]:
    """Arranges an image of a registry that wants tokens, and how its token server answers."""
    return arranged(fault, scheme="bearer")


def answer(body: bytes, status: int = 200, **headers: str) -> Callable[[Registry], None]:
    """Arranges a token server that answers that."""
    return tokens(on("/token", lambda handler: handler.reply(status, body, **headers)))


WORTHLESS: Final = [
    Case("HTML", answer(b"<html>Log in</html>", Content_Type="text/html"), 3, "answered no token: JSON is malformed"),
    Case("nothing", answer(b""), 3, "answered no token"),
    Case("no token", answer(b"{}"), 3, "answered no token"),
    Case("a list", answer(b"[]"), 3, "answered no token"),
    Case("a token of no text", answer(b'{"token": {"a": 1}}'), 3, "answered no token"),
    Case("a token of two lines", answer(b'{"token": "a\\r\\nX-Evil: 1"}'), 3, "answered no token"),
    Case("a token beyond ASCII", answer('{"token": "\u00fc"}'.encode()), 3, "answered no token"),
    Case("another token", answer(b'{"token": "other"}'), 3, "refused, as tester, from"),
    Case("a life without end", answer(b'{"token": "other", "expires_in": 1e308}'), 3, "refused, as tester, from"),
    Case("a life before birth", answer(b'{"token": "other", "expires_in": -1e308}'), 3, "refused, as tester, from"),
    Case("endless", answer(b" " * (MAX_DOCUMENT_SIZE + 9)), 3, f"more than {MAX_DOCUMENT_SIZE:,} bytes, the limit"),
    Case("refused", answer(b"{}", 401), 3, "refused a token, asked as tester, from"),
    Case("forbidden", answer(b"{}", 403), 3, "refused a token, asked as tester, from"),
    Case("500 for ever", answer(b"{}", 500), 3, "answered 500 a token"),
    Case("429 for ever", answer(b"{}", 429, Retry_After="9"), 3, "answered 429 a token"),
    Case("burst of 5xx", tokens(first(3, always("/token", 503))), 0, '"verified": true'),
    Case("hung up", tokens(on("/token", RegistryHandler.hang_up)), 3, "the manifest 1: "),
    Case("no HTTP", tokens(on("/token", write_raw(b"\0\0"))), 3, "the manifest 1: "),
    Case("in circles", tokens(always("/token", 302, Location="/token")), 3, "more than 5 redirects"),
    Case("neither GET nor POST", tokens(always("/token", 405)), 0, '"verified": true'),
]


@each(WORTHLESS)
def test_a_worthless_token_ends_in_its_own_message(case: Case, attack: Attack) -> None:
    """With the host that gave it, and as whom it was asked for."""
    attack(case)


@each(
    [
        Case("body", tokens(on("/token", drip(b" ", head=b"HTTP/1.1 200 OK\r\n\r\n"))), 3, "and still no end"),
        Case("head", tokens(on("/token", drip(b"x"))), 3, "the head of an answer is not there"),
        Case("silence", tokens(on("/token", drip(b""))), 3, "the head of an answer is not there"),
    ]
)
def test_a_slow_token_is_given_up(case: Case, attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    """As any document is."""
    monkeypatch.setattr(transport, "DOCUMENT_SECONDS", 0.1)
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    attack(case)


def test_a_password_does_not_follow_a_token_elsewhere(attack: Attack) -> None:
    """A token server that leads to another host by GET is followed without it."""
    with serve_registry() as other:
        place = f"http://{other.address}/token"
        attack(Case("away", tokens(always("/token", 307, Location=place)), 3, "refused a token, asked as tester"))
        assert other.requests
        assert set(other.authorizations) == {None}


def test_a_form_with_a_password_does_not_go_elsewhere(attack: Attack) -> None:
    """A token server that leads to another host by POST is not followed."""
    with serve_registry() as other:
        place = f"http://{other.address}/token"

        def arrange(registry: Registry) -> None:
            tokens(always("/token", 404))(registry)
            registry.post_fault = always("/token", 307, Location=place)

        attack(Case("away", arrange, 3, f"a redirect to {place}, expected an answer"))
        assert other.requests == []


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_without_get_is_asked_by_post(status: int, attack: Attack, registry: Registry) -> None:
    """With name, password and scope in a form, as OAuth2 has it."""
    forms: list[dict[str, list[str]]] = []

    def note(handler: RegistryHandler, _path: str) -> bool:
        forms.append(parse_qs(handler.read_form().decode()))
        return False

    def arrange(registry: Registry) -> None:
        tokens(always("/token", status))(registry)
        registry.post_fault = note

    attack(Case("post", arrange, 0, '"verified": true'))
    assert forms[0] == {
        "grant_type": ["password"],
        "username": ["tester"],
        "password": [PASSWORD],
        "access_type": ["offline"],
        "service": ["test"],
        "client_id": ["layerscope"],
        "scope": ["repository:team/demo:pull"],
    }
    assert registry.count("/token")


def test_a_refused_form_is_told(attack: Attack) -> None:
    """As a refused name and password are."""

    def arrange(registry: Registry) -> None:
        tokens(always("/token", 404))(registry)
        registry.post_fault = always("/token", 401)

    attack(Case("refused", arrange, 3, "refused a token, asked as tester, from"))


def test_without_credentials_nothing_is_posted(attack: Attack, registry: Registry, tmp_path: Path) -> None:
    """There is nothing to put into a form."""
    (tmp_path / "home/.docker/config.json").unlink()
    attack(Case("nobody", tokens(always("/token", 404)), 3, "answered 404 a token, asked without credentials"))
    assert registry.count("POST") == 0
    assert set(registry.authorizations) == {None}


@pytest.fixture
def logged_in(registry: Registry) -> login.Login:
    """A login at a server that speaks OAuth2 alone."""
    registry.scheme = "bearer"
    registry.fault = always("/token", 404)
    where = transport.Transport(Endpoint("http", registry.address), {})
    return login.Login(where, (login.make_scope("team/demo"),), lambda: Credential("tester", PASSWORD))


def grants(registry: Registry) -> list[str]:
    """What tokens were asked for by, one after the other, as the registry notes it from now on."""
    asked: list[str] = []

    def note(handler: RegistryHandler, _path: str) -> bool:
        asked.append(parse_qs(handler.read_form().decode())["grant_type"][0])
        return False

    registry.post_fault = note
    return asked


def test_a_refresh_token_is_used_when_a_token_ends(registry: Registry, logged_in: login.Login) -> None:
    """The password is not sent again in the same run; only the server that gave it is told it."""
    asked = grants(registry)
    challenge = (f'Bearer realm="{registry.realm}",service="test"',)
    logged_in.answer(challenge, {}, task="asking")
    logged_in.answer(challenge, logged_in.headers(), task="asking")
    assert logged_in.headers() == {"Authorization": "Bearer let-me-in"}
    assert asked == ["password", "refresh_token"]
    logged_in.answer((f'Bearer realm="{registry.realm}/other"',), logged_in.headers(), task="asking")
    assert asked == ["password", "refresh_token", "password"]


def test_spent_tokens_show_in_no_message(registry: Registry, logged_in: login.Login) -> None:
    """A server may tell back any token that it ever gave, in whatever spelling, whole or cut."""
    given = [f"spent/token{number}=" + "x" * 40 * number for number in range(3)]
    waiting = iter(given)

    def give(handler: RegistryHandler, _path: str) -> bool:
        handler.read_form()
        token = next(waiting)
        handler.reply(200, json.dumps({"token": token, "refresh_token": f"refresh-{token}"}).encode())
        return True

    registry.post_fault = give
    challenge = (f'Bearer realm="{registry.realm}",service="test"',)
    for _ in given:
        logged_in.answer(challenge, logged_in.headers(), task="asking")
    assert logged_in.headers() == {"Authorization": f"Bearer {given[-1]}"}
    for secret in [*given, *(f"refresh-{token}" for token in given), PASSWORD]:
        for spelling in (secret, quote(secret, safe=""), secret[:40]):
            assert logged_in.conceal(f"it was {spelling} before") == "it was *** before"


def test_tokens_without_end_are_not_all_kept(registry: Registry, logged_in: login.Login) -> None:
    """A token server that gives a new one each time fills no memory."""
    for number in range(3 * login._MAX_SPENT):
        logged_in._note_secret(f"token-{number}")
    assert len(logged_in._had) == login._MAX_SPENT
    assert registry.requests == []


def test_a_refresh_token_that_has_ended_is_forgotten(registry: Registry, logged_in: login.Login) -> None:
    """Name and password give another one."""
    asked = grants(registry)
    challenge = (f'Bearer realm="{registry.realm}",service="test"',)
    logged_in.answer(challenge, {}, task="asking")
    logged_in._refresh = (registry.realm, "an old one")
    logged_in.answer(challenge, logged_in.headers(), task="asking")
    assert asked == ["password", "refresh_token", "password"]
    assert logged_in.headers() == {"Authorization": "Bearer let-me-in"}


def test_a_token_that_ends_within_a_run_is_refreshed(
    attack: Attack, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the command line: the layer is refused to the first token."""
    asked = grants(registry)
    note = registry.post_fault

    def arrange(registry: Registry) -> None:
        put_image(registry)
        expired = first(1, on(find_layer(registry), RegistryHandler.challenge))
        no_get = always("/token", 404)
        registry.scheme, registry.post_fault = "bearer", note
        registry.fault = lambda handler, path: expired(handler, path) or no_get(handler, path)

    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    attack(Case("expired", arrange, 0, '"verified": true'))
    assert asked[:2] == ["password", "refresh_token"]
