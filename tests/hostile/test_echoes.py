"""What lets us in, said back by a registry in every spelling that its documents and its protocol allow."""

import html
import json
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, quote_plus

import pytest

from layerscope.errors import SourceError
from layerscope.progress import SilentProgress
from layerscope.sources.registry.client import RegistryClient
from layerscope.sources.registry.credentials import Credential
from layerscope.sources.registry.endpoint import Endpoint
from support.registry_server import Registry, RegistryHandler, serve_registry

PASSWORD: Final = 'p4ss"w&rd<lo\\ng>-é'
NAME: Final = "tester"


def _as_go_writes(text: str) -> str:
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    return plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _escape_all(text: str) -> str:
    return "".join(f"\\u{ord(each):04x}" for each in text)


SPELLINGS: Final[dict[str, Callable[[str], str]]] = {
    "as json.dumps writes it": lambda text: json.dumps(text)[1:-1],
    "as Go writes it": _as_go_writes,
    "every letter by its number": _escape_all,
}


class Listening(SilentProgress):
    """Keeps what a person is told while something is waited for."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        self.told: list[str] = []

    def wait(self, message: str, seconds: float) -> None:
        """Keep it."""
        assert seconds > 0
        self.told.append(message)


def ask(registry: Registry, credential: Credential, progress: SilentProgress) -> str:
    """What is said in the end when a manifest is asked for, with the whole chain of errors."""
    client = RegistryClient(Endpoint("http", registry.address), "team/demo", lambda: credential, {}, progress=progress)
    with pytest.raises(SourceError) as caught:
        client.read_manifest("1")
    words, error = [], caught.value
    while isinstance(error, BaseException):
        words.append(str(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)  # type: ignore[assignment]
    return " / ".join(words)


def is_told(text: str, secret: str) -> bool:
    """Whether the secret stands in a text, in any spelling that a person could undo."""
    spelt = [secret, html.escape(secret), quote(secret, safe=""), quote_plus(secret)]
    spelt += [spell(secret) for spell in SPELLINGS.values()]
    return any(each.lower() in text.lower() for each in spelt)


def say_back(status: int, spell: Callable[[str], str], field: str) -> Callable[[RegistryHandler, str], bool]:
    """A registry that repeats the password once it was told it."""

    def answer(handler: RegistryHandler, _path: str) -> bool:
        if handler.headers.get("Authorization") is None:
            return False
        body = f'{{"errors": [{{"{field}": "you said {spell(PASSWORD)}, {spell("let-me-in")}"}}]}}'
        handler.reply(status, body.encode())
        return True

    return answer


@pytest.mark.parametrize("field", ["message", "code"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 418])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_a_password_comes_through(spelling: str, status: int, field: str) -> None:
    """The words of an error are struck out after they were read, not before."""
    with serve_registry() as registry:
        registry.user, registry.password = NAME, PASSWORD
        registry.fault = say_back(status, SPELLINGS[spelling], field)
        told = ask(registry, Credential(NAME, PASSWORD, "", "a file"), Listening())
    assert not is_told(told, PASSWORD)


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
def test_nothing_is_told_while_another_try_is_waited_for(scheme: str) -> None:
    """An answer that is no HTTP is shown to a person on a terminal before it is given up."""

    def answer(handler: RegistryHandler, path: str) -> bool:
        if handler.headers.get("Authorization") is None or path == "/token":
            return False
        handler.wfile.write(f"{PASSWORD} let-me-in is it\r\n\r\n".encode("latin-1"))
        handler.hang_up()
        return True

    listening = Listening()
    with serve_registry() as registry:
        registry.user, registry.password, registry.scheme = NAME, PASSWORD, scheme
        registry.fault = answer
        told = ask(registry, Credential(NAME, PASSWORD, "", "a file"), listening)
    assert listening.told, "else it would prove nothing"
    for each in (told, *listening.told):
        assert not is_told(each, PASSWORD)
        assert scheme == "basic" or "let-me-in" not in each


def test_a_token_that_serves_as_name_is_not_told() -> None:
    """Some registries take the token for both; then the name is none."""
    token = "dop_v1_abcdef0123456789"
    with serve_registry() as registry:
        registry.user, registry.password = token, token
        registry.fault = say_back(403, str, "message")
        told = ask(registry, Credential(token, token, "", "a file"), Listening())
    assert not is_told(told, token)
    assert "with a token for name and password, from a file" in told
