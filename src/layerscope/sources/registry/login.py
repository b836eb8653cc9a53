"""Logging in: what a registry asks for, answered with the credentials that are there.

Basic (RFC 7617) and bearer tokens (https://distribution.github.io/distribution/spec/auth/token/ and …/auth/oauth/). A
token is asked for the scopes that are needed and no more, and goes to the host of the registry alone.
"""

import base64
import threading
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

import msgspec

from layerscope.errors import LoginError
from layerscope.sources.registry.challenge import Challenge, parse_challenges
from layerscope.sources.registry.credentials import Credential
from layerscope.sources.registry.origin import Origin, show_url
from layerscope.sources.registry.transport import Answer, Transport

CLIENT_ID: Final = "layerscope"
SHORTEST_LIFE: Final = 60
"""Seconds that a token without a word about its life lives, by the specification."""
EARLY: Final = 10
"""Seconds before its end that a token counts as spent."""

_OK: Final = 200
_REFUSED: Final = frozenset({400, 401, 403})


class _TokenAnswer(msgspec.Struct):
    token: str | None = None
    access_token: str | None = None
    expires_in: float | None = None


class Login:
    """The Authorization header for some scopes, found when the registry first asks; used from several threads."""

    def __init__(self, transport: Transport, scopes: tuple[str, ...], find: Callable[[], Credential | None]) -> None:
        """Ask `find` for a credential only once one is wanted."""
        self._transport = transport
        self._scopes = scopes
        self._find = find
        self._lock = threading.Lock()
        self._credential: Credential | None = None
        self._asked = False
        self._header: str | None = None
        self._ends = 0.0

    def headers(self) -> dict[str, str]:
        """What to send along, as far as is known."""
        with self._lock:
            is_valid = self._header is not None and time.monotonic() < self._ends
            return {"Authorization": self._header} if is_valid and self._header else {}

    def answer(self, challenges: tuple[str, ...], sent: dict[str, str], *, task: str) -> None:
        """Find the header that these challenges ask for; raises LoginError where what was sent is refused."""
        with self._lock:
            current = {"Authorization": self._header} if self._header else {}
            if current and current != sent and time.monotonic() < self._ends:
                return  # another thread has logged in meanwhile
            if not self._asked:
                self._credential, self._asked = self._find(), True
            offered = {challenge.scheme: challenge for challenge in reversed(parse_challenges(challenges))}
            if "bearer" in offered:
                self._header, life = self._fetch_token(offered["bearer"], task)
                self._ends = time.monotonic() + life
            elif "basic" in offered:
                self._header, self._ends = self._basic(sent, task), float("inf")
            else:
                raise LoginError(f"{task}: it asks for {', '.join(offered) or 'nothing'}, expected basic or bearer")

    def describe(self) -> str:
        """Which credentials are used, for a message."""
        if self._credential is None:
            return "without credentials; `docker login` or `podman login` first, if it is there at all"
        name = f"as {self._credential.username}" if self._credential.username else "with an identity token"
        return f"{name}, from {self._credential.origin}"

    def _basic(self, sent: dict[str, str], task: str) -> str:
        if self._credential is None or self._credential.identity_token:
            raise LoginError(f"{task}: the registry asks for a name and a password; asked {self.describe()}")
        header = _basic_header(self._credential)
        if sent.get("Authorization") == header:
            raise LoginError(f"{task}: refused, {self.describe()}")
        return header

    def _fetch_token(self, challenge: Challenge, task: str) -> tuple[str, float]:
        realm, service = challenge.parameters.get("realm", ""), challenge.parameters.get("service", "")
        origin = Origin.of(realm, task=f"{task}: tokens are had at")
        if (self._transport.home.scheme, origin.scheme) == ("https", "http"):
            raise LoginError(f"{task}: tokens are had at {show_url(realm)}, expected https as for the registry")
        answer = self._ask_for_token(realm.partition("#")[0], service, task)
        if answer.status != _OK:
            how = "refused" if answer.status in _REFUSED else f"answered {answer.status}"
            raise LoginError(f"{task}: {origin.host} {how} a token, asked {self.describe()}")
        try:
            found = msgspec.json.decode(answer.body, type=_TokenAnswer, strict=False)
        except msgspec.MsgspecError as error:
            raise LoginError(f"{task}: {origin.host} answered no token: {error}") from error
        token = found.token or found.access_token
        if not token or not token.isascii() or not token.isprintable():
            raise LoginError(f"{task}: {origin.host} answered no token")
        return f"Bearer {token}", max(found.expires_in or 0, SHORTEST_LIFE) - EARLY

    def _ask_for_token(self, realm: str, service: str, task: str) -> Answer:
        credential = self._credential
        if credential is not None and credential.identity_token:
            form = {
                "grant_type": "refresh_token",
                "refresh_token": credential.identity_token,
                "service": service,
                "client_id": CLIENT_ID,
                "scope": " ".join(self._scopes),
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            body = urlencode(form).encode()
            return self._transport.read("POST", realm, headers=headers, body=body, is_secret=True, task=task)
        query = urlencode({"service": service, "scope": self._scopes, "client_id": CLIENT_ID}, doseq=True)
        address = f"{realm}{'&' if '?' in realm else '?'}{query}"
        headers = {"Authorization": _basic_header(credential)} if credential is not None else {}
        return self._transport.read("GET", address, headers=headers, task=task)


def make_scope(repository: str, *, can_write: bool = False) -> str:
    """What is asked for to read a repository, or to write to it as well."""
    return f"repository:{repository}:{'pull,push' if can_write else 'pull'}"


def _basic_header(credential: Credential) -> str:
    return "Basic " + base64.b64encode(f"{credential.username}:{credential.password}".encode()).decode()
