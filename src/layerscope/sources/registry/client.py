"""The OCI distribution API, as much of it as reading an image takes.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from layerscope.errors import ImageNotFoundError, ReferenceSyntaxError, TransferError
from layerscope.image.digest import Digest
from layerscope.image.mediatype import DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST
from layerscope.progress import Progress
from layerscope.sources.registry.conversation import LOGINS, Conversation
from layerscope.sources.registry.credentials import Credential
from layerscope.sources.registry.endpoint import Endpoint
from layerscope.sources.registry.login import Login, make_scope
from layerscope.sources.registry.pages import iter_pages
from layerscope.sources.registry.refusal import expect, make_refusal, say
from layerscope.sources.registry.repository import FetchedManifest, FoundManifest
from layerscope.sources.registry.transport import Answer, Transport

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_KINDS: Final = tuple(str(kind) for kind in (OCI_INDEX, OCI_MANIFEST, DOCKER_MANIFEST_LIST, DOCKER_MANIFEST))
"""What a registry says of a document counts only where it is one of these: any other word for it says nothing."""
_ACCEPT: Final = ", ".join(_KINDS)
_OK: Final = 200
_PARTIAL: Final = 206
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_OUT_OF_RANGE: Final = 416
_NO_SUCH_METHOD: Final = frozenset({400, 405, 501})
_NO_SUCH_API: Final = _NO_SUCH_METHOD | {_NOT_FOUND}


class RegistryClient:
    """One repository of one registry; safe to use from several threads."""

    def __init__(
        self,
        endpoint: Endpoint,
        repository: str,
        find: Callable[[], Credential | None],
        environment: Mapping[str, str],
        *,
        can_write: bool = False,
        progress: Progress | None = None,
    ) -> None:
        """Connect to nothing yet; `find` is asked for a credential when the registry asks for one."""
        self._transport = Transport(endpoint, environment, progress=progress)
        self._base = f"{endpoint.url}/v2/{repository}"
        scopes = (make_scope(repository, can_write=can_write),)
        self._conversation = Conversation(self._transport, Login(self._transport, scopes, find))
        self.where = f"{endpoint.host}/{repository}"

    def read_manifest(self, reference: str) -> FetchedManifest:
        """The manifest or index of a tag or digest, unverified; raises ImageNotFoundError and TransferError."""
        task = f"asking {self.where} for the manifest {reference}"
        answer = self._conversation.ask("GET", f"{self._base}/manifests/{reference}", {"Accept": _ACCEPT}, task)
        if answer.status == _NOT_FOUND:
            raise ImageNotFoundError(f"{task}: there is none{say(answer)}")
        expect(answer, _OK, task)
        return FetchedManifest(answer.body, _find_kind(answer))

    def find_manifest(self, reference: str) -> FoundManifest | None:
        """What the registry says of a tag's manifest, fetched only if that cannot be helped; None for none."""
        task = f"asking {self.where} for the manifest {reference}"
        answer = self._conversation.ask("HEAD", f"{self._base}/manifests/{reference}", {"Accept": _ACCEPT}, task)
        if answer.status == _NOT_FOUND:
            return None
        if answer.status not in _NO_SUCH_METHOD:
            expect(answer, _OK, task)
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
        place = f"{self._base}/referrers/{digest}"
        ask = partial(self._conversation.ask, "GET", headers={"Accept": str(OCI_INDEX)}, task=task)
        first = ask(place)
        return None if first.status in _NO_SUCH_API else iter_pages(first, place, ask, task=task)

    def read_tags(self) -> Iterator[bytes]:
        """The list of the repository's tags, page by page, asked for once each; raises TransferError."""
        task = f"asking {self.where} for its tags"
        place = f"{self._base}/tags/list?n=1000"
        ask = partial(self._conversation.ask, "GET", headers={}, task=task, attempts=1)
        yield from iter_pages(ask(place), place, ask, task=task)

    def read_blob(self, digest: Digest) -> bytes:
        """A small blob, unverified."""
        task = f"asking {self.where} for the blob {digest}"
        answer = self._conversation.ask("GET", f"{self._base}/blobs/{digest}", {}, task)
        expect(answer, _OK, task)
        return answer.body

    def carries_blob(self, digest: Digest) -> bool:
        """Whether the registry says that it has a blob which it need not have; raises TransferError for no answer."""
        task = f"asking {self.where} whether it has the blob {digest}"
        answer = self._conversation.ask("HEAD", f"{self._base}/blobs/{digest}", {}, task)
        if answer.status in _NO_SUCH_API:
            return False
        expect(answer, _OK, task)
        return True

    def open_blob(self, digest: Digest, offset: int, stop: int | None = None) -> tuple["BaseHTTPResponse", int]:
        """The body of a blob from a byte on, and the byte from which the registry really sends it."""
        url, task = f"{self._base}/blobs/{digest}", f"asking {self.where} for the blob {digest}"
        last = "" if stop is None else stop - 1
        wanted = {"Range": f"bytes={offset}-{last}"} if offset or stop is not None else {}
        for login in range(LOGINS + 1):
            sent = self._conversation.identify(url, task)
            with self._conversation.concealing():
                response, origin = self._transport.open(url, headers={**wanted, **sent}, task=task)
            start = _find_start(response, offset)
            if start is not None:
                return response, start
            response.close()
            if response.status == _UNAUTHORIZED:
                challenges = tuple(response.headers.getlist("WWW-Authenticate"))
                if login < LOGINS or origin != self._conversation.home:
                    self._conversation.log_in(challenges, origin, sent, task)
            elif response.status == _FORBIDDEN and origin == self._conversation.home:
                raise self._conversation.make_refusal(task)
            elif response.status == _OUT_OF_RANGE and offset:
                raise TransferError(f"{task}: it has no byte {offset:,} of it, and less than its manifest says")
            elif response.status in {_OK, _PARTIAL}:
                told = self._conversation.conceal(_tell_form(response))
                raise TransferError(f"{task}: answered {response.status} {told}")
            else:
                raise make_refusal(response.status, task, "", response.headers.get("Retry-After"))
        raise self._conversation.make_refusal(task)


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
