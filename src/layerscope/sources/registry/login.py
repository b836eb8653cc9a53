"""Logging in: what a registry asks for, answered with the credentials that are there.

Basic (RFC 7617) and bearer tokens (https://distribution.github.io/distribution/spec/auth/token/ and …/auth/oauth/). A
token is asked for the scopes that are needed and no more, and goes to the host of the registry alone.
"""

import base64
import math
import re
import threading
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, quote_plus, urlencode

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
_NO_GET: Final = frozenset({404, 405})
"""How token servers answer GET that speak OAuth2 alone, where tokens are asked for by POST."""
_SHORTEST_SECRET: Final = 4
"""Characters of a password that is struck out of messages: fewer stand in any word, and guard nothing."""
_TELLING: Final = 32
"""Characters of a token by which it is known, if only they are left of it."""
_MAX_SPENT: Final = 256
"""Tokens that are struck out of messages after their time: with lives of a minute, those of four hours."""


class _TokenAnswer(msgspec.Struct):
    token: str | None = None
    access_token: str | None = None
    expires_in: float | None = None
    refresh_token: str | None = None


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
        self._refresh = ("", "")
        """A refresh token that came with an earlier token, and the realm that it is from: no other is told it."""
        self._had: tuple[str, ...] = ()
        """Every token of either kind that there was; one that is spent may still be told back."""

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
        if self._credential.username == self._credential.password:
            name = "with a token for name and password"  # as some registries have it
        return f"{name}, from {self._credential.origin}"

    def conceal(self, text: str) -> str:
        """A text without anything that lets somebody in: a server may say back what it was told."""
        credential = self._credential
        own = (credential.password, credential.identity_token, _basic_header(credential)[6:]) if credential else ()
        secrets = sorted({*own, *self._had}, key=lambda secret: (-len(secret), secret))
        spellings = (
            spelling for secret in secrets for spelling in (secret, quote(secret, safe=""), quote_plus(secret))
        )
        # of a long one, which may have been cut off since, its beginning is enough; many tokens begin alike
        known = dict.fromkeys((spelling[:_TELLING], len(spelling) > _TELLING) for spelling in spellings)
        for beginning, is_cut in known:
            if len(beginning) >= _SHORTEST_SECRET:
                rest = r"\S*" if is_cut else ""
                text = re.sub(re.escape(beginning) + rest, "***", text, flags=re.IGNORECASE)
        return text

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
        realm = realm.partition("#")[0]
        answer = self._ask_for_token(realm, service, task)
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
        self._note_secret(token)
        if found.refresh_token:
            self._refresh = (realm, found.refresh_token)
            self._note_secret(found.refresh_token)
        life = found.expires_in or 0
        return f"Bearer {token}", (max(life, SHORTEST_LIFE) if math.isfinite(life) else SHORTEST_LIFE) - EARLY

    def _note_secret(self, secret: str) -> None:
        """Remember what must not be told, also once it is spent."""
        self._had = (*(each for each in self._had if each != secret), secret)[-_MAX_SPENT:]

    def _ask_for_token(self, realm: str, service: str, task: str) -> Answer:
        """Ask as whoever we are: by a refresh token, by GET with name and password, by POST where GET is unknown."""
        credential, (origin, refresh) = self._credential, self._refresh
        if refresh and origin == realm:
            answer = self._post(realm, service, task, grant_type="refresh_token", refresh_token=refresh)
            if answer.status == _OK:
                return answer
            self._refresh = ("", "")  # it has ended: what it was had for may give another one
        if credential is not None and credential.identity_token:
            token = credential.identity_token
            return self._post(realm, service, task, grant_type="refresh_token", refresh_token=token)
        query = urlencode({"service": service, "scope": self._scopes, "client_id": CLIENT_ID}, doseq=True)
        address = f"{realm}{'&' if '?' in realm else '?'}{query}"
        headers = {"Authorization": _basic_header(credential)} if credential is not None else {}
        answer = self._transport.read("GET", address, headers=headers, task=task)
        if answer.status in _NO_GET and credential is not None:
            named = {"username": credential.username, "password": credential.password}
            return self._post(realm, service, task, grant_type="password", access_type="offline", **named)
        return answer

    def _post(self, realm: str, service: str, task: str, **form: str) -> Answer:
        """Ask by OAuth2, https://distribution.github.io/distribution/spec/auth/oauth/."""
        scope = " ".join(self._scopes)
        body = urlencode({**form, "service": service, "client_id": CLIENT_ID, "scope": scope}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._transport.read("POST", realm, headers=headers, body=body, is_secret=True, task=task)


def make_scope(repository: str, *, can_write: bool = False) -> str:
    """What is asked for to read a repository, or to write to it as well."""
    return f"repository:{repository}:{'pull,push' if can_write else 'pull'}"


def _basic_header(credential: Credential) -> str:
    return "Basic " + base64.b64encode(f"{credential.username}:{credential.password}".encode()).decode()
