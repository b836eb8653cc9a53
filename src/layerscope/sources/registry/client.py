"""The OCI distribution API, as much of it as reading an image takes.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import msgspec

from layerscope.errors import ImageNotFoundError, LoginError, ReferenceSyntaxError, TransferError
from layerscope.image.digest import Digest
from layerscope.image.mediatype import DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST
from layerscope.sources.registry.credentials import Credential
from layerscope.sources.registry.endpoint import Endpoint
from layerscope.sources.registry.login import Login
from layerscope.sources.registry.origin import Origin
from layerscope.sources.registry.pages import iter_pages
from layerscope.sources.registry.repository import FetchedManifest, FoundManifest
from layerscope.sources.registry.transport import Answer, Transport

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

LOGINS: Final = 2
"""Times that one request may be answered by a demand to log in: once at first, once where a token ran out."""

_KINDS: Final = tuple(str(kind) for kind in (OCI_INDEX, OCI_MANIFEST, DOCKER_MANIFEST_LIST, DOCKER_MANIFEST))
"""What a registry says of a document counts only where it is one of these: any other word for it says nothing."""
_ACCEPT: Final = ", ".join(_KINDS)
_OK: Final = 200
_PARTIAL: Final = 206
_BAD_REQUEST: Final = 400
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_NO_SUCH_API: Final = frozenset({400, 404, 405, 501})
_SPEAKS_TLS: Final = b"HTTP request to an HTTPS server"
"""Go's server, which registries run on, says so."""


class _Error(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Errors(msgspec.Struct):
    errors: list[_Error]


class RegistryClient:
    """One repository of one registry; safe to use from several threads."""

    def __init__(
        self,
        endpoint: Endpoint,
        repository: str,
        find: Callable[[], Credential | None],
        environment: Mapping[str, str],
    ) -> None:
        """Connect to nothing yet; `find` is asked for a credential when the registry asks for one."""
        self._transport = Transport(endpoint, environment)
        self._base = f"{endpoint.url}/v2/{repository}"
        self._login = Login(self._transport, repository, find)
        self.where = f"{endpoint.host}/{repository}"

    def read_manifest(self, reference: str) -> FetchedManifest:
        """The manifest or index of a tag or digest, unverified; raises ImageNotFoundError and TransferError."""
        task = f"asking {self.where} for the manifest {reference}"
        answer = self._read(f"{self._base}/manifests/{reference}", {"Accept": _ACCEPT}, task)
        if answer.status == _NOT_FOUND:
            raise ImageNotFoundError(f"{task}: there is none{self._say(answer)}")
        self._check(answer, task)
        return FetchedManifest(answer.body, _find_kind(answer))

    def find_manifest(self, reference: str) -> FoundManifest | None:
        """What the registry says of a tag's manifest, fetched only if that cannot be helped; None for none."""
        task = f"asking {self.where} for the manifest {reference}"
        answer = self._read(f"{self._base}/manifests/{reference}", {"Accept": _ACCEPT}, task, method="HEAD")
        if answer.status == _NOT_FOUND:
            return None
        if answer.status not in _NO_SUCH_API:
            self._check(answer, task)
            with suppress(ReferenceSyntaxError):
                return FoundManifest(Digest.parse(answer.headers.get("docker-content-digest", "")), _find_kind(answer))
        try:  # not every registry knows HEAD, or tells the digest
            fetched = self.read_manifest(reference)
        except ImageNotFoundError:
            return None
        return FoundManifest(Digest.of(fetched.content), fetched.media_type)

    def read_referrers(self, digest: Digest) -> Iterator[bytes] | None:
        """The index of what names a manifest as its subject, page by page, unverified; None for no such API."""
        task = f"asking {self.where} for what refers to {digest}"
        place, headers = f"{self._base}/referrers/{digest}", {"Accept": str(OCI_INDEX)}
        first = self._read(place, headers, task)
        if first.status in _NO_SUCH_API:
            return None
        return iter_pages(first, place, lambda page: self._read(page, headers, task), self._check, task=task)

    def read_blob(self, digest: Digest) -> bytes:
        """A small blob, unverified."""
        task = f"asking {self.where} for the blob {digest}"
        answer = self._read(f"{self._base}/blobs/{digest}", {}, task)
        self._check(answer, task)
        return answer.body

    def open_blob(self, digest: Digest, offset: int, stop: int | None = None) -> tuple["BaseHTTPResponse", int]:
        """The body of a blob from a byte on, and the byte from which the registry really sends it."""
        task = f"asking {self.where} for the blob {digest}"
        last = "" if stop is None else stop - 1
        wanted = {"Range": f"bytes={offset}-{last}"} if offset or stop is not None else {}
        for _ in range(LOGINS + 1):
            sent = self._login.headers()
            with self._concealing():
                response, origin = self._transport.open(
                    f"{self._base}/blobs/{digest}", headers={**wanted, **sent}, task=task
                )
            start = _find_start(response, offset)
            if start is not None:
                return response, start
            response.close()
            if response.status == _UNAUTHORIZED:
                self._answer(tuple(response.headers.getlist("WWW-Authenticate")), origin, sent, task)
            elif response.status == _FORBIDDEN:
                raise LoginError(f"{task}: refused, {self._login.describe()}")
            elif response.status in {_OK, _PARTIAL}:
                raise TransferError(f"{task}: answered {response.status} {self._login.conceal(_tell_form(response))}")
            else:
                raise _refusal(response.status, task, "", response.headers.get("Retry-After"))
        raise LoginError(f"{task}: refused, {self._login.describe()}")

    def _read(self, url: str, headers: dict[str, str], task: str, *, method: str = "GET") -> Answer:
        for _ in range(LOGINS + 1):
            sent = self._login.headers()
            with self._concealing():
                answer = self._transport.read(method, url, headers={**headers, **sent}, task=task)
            if answer.status == _FORBIDDEN:
                raise LoginError(f"{task}: refused, {self._login.describe()}{self._say(answer)}")
            if answer.status != _UNAUTHORIZED:
                return answer
            self._answer(answer.challenges, answer.origin, sent, task)
        raise LoginError(f"{task}: refused, {self._login.describe()}{self._say(answer)}")

    def _answer(self, challenges: tuple[str, ...], origin: Origin, sent: dict[str, str], task: str) -> None:
        """Log in where the registry itself asks; nobody else is told who we are."""
        if origin != self._transport.home:
            raise TransferError(f"{task}: {origin.host}, where it leads, asks who we are, and is not told")
        with self._concealing():
            self._login.answer(challenges, sent, task=task)

    def _check(self, answer: Answer, task: str) -> None:
        if answer.status == _BAD_REQUEST and _SPEAKS_TLS in answer.body:
            raise TlsExpectedError(f"{task}: it speaks TLS")
        if answer.status != _OK:
            raise _refusal(answer.status, task, self._say(answer))

    def _say(self, answer: Answer) -> str:
        """The registry's own words, where it has some."""
        try:
            errors = msgspec.json.decode(answer.body, type=_Errors).errors
        except msgspec.MsgspecError:
            return ""
        words = self._login.conceal("; ".join(error.message or error.code for error in errors[:3]))
        return f" ({words[:300]})" if words else ""

    @contextmanager
    def _concealing(self) -> Iterator[None]:
        """Strike what lets somebody in out of an error that says where the registry led: it may lead there by it."""
        try:
            yield
        except TransferError as error:
            words = self._login.conceal(str(error))
            if words == str(error):
                raise
            raise type(error)(words) from None


class TlsExpectedError(TransferError):
    """A registry was asked in the clear and speaks TLS."""


class PassingRefusalError(TransferError):
    """The registry could not answer now; another try may do better, after a while if it says so."""

    def __init__(self, message: str, retry_after: str | None = None) -> None:
        """Keep what the registry said of when to come again."""
        super().__init__(message)
        self.retry_after = retry_after


def _refusal(status: int, task: str, said: str, retry_after: str | None = None) -> TransferError:
    if status == _NOT_FOUND:
        return TransferError(f"{task}: it is not there{said}")
    if status >= 500 or status in {408, 429}:  # noqa: PLR2004 - a server's own failures
        return PassingRefusalError(f"{task}: answered {status}{said}", retry_after)
    return TransferError(f"{task}: answered {status}{said}")


def _find_kind(answer: Answer) -> str:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip()
    return kind if kind in _KINDS else ""


def _find_start(response: "BaseHTTPResponse", offset: int) -> int | None:
    """The byte from which a blob comes; None where it does not come at all, or not as it is stored."""
    if _find_encoding(response) != "identity":
        return None
    if response.status == _OK:
        return 0
    unit, _, rest = response.headers.get("Content-Range", "").strip().partition(" ")
    is_asked = unit.lower() == "bytes" and rest.partition("-")[0] == str(offset)
    return offset if response.status == _PARTIAL and is_asked else None


def _find_encoding(response: "BaseHTTPResponse") -> str:
    return str(response.headers.get("Content-Encoding", "identity")).strip().lower()


def _tell_form(response: "BaseHTTPResponse") -> str:
    """What is wrong with a blob that came, but in another form than it is stored in."""
    encoding = _find_encoding(response)
    if encoding != "identity":
        return f"in the Content-Encoding {encoding[:40]!r}, expected the bytes as they are stored"
    found = response.headers.get("Content-Range", "")
    return f"with the Content-Range {found[:40]!r}, expected the bytes that were asked for"
