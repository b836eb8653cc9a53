"""HTTP requests to a registry and to where it leads: connections kept, redirects held to rules, failures tried again.

Redirects are followed here and not by the library: each may lead to another host, which is then told no credential, and
every connection is held to `AddressCheck`.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from layerscope import __version__
from layerscope.errors import TransferError
from layerscope.image.document import MAX_DOCUMENT_SIZE
from layerscope.progress import Progress, SilentProgress
from layerscope.sources.registry.address_check import AddressCheck, ForbiddenAddressError, find_literal
from layerscope.sources.registry.certificates import make_context
from layerscope.sources.registry.connections import READ_SECONDS, LateAnswerError
from layerscope.sources.registry.endpoint import Endpoint, is_loopback
from layerscope.sources.registry.failed_connection import (
    PROXY_LOGIN,
    ConnectionFailedError,
    NothingListensError,
    explain_barred,
    explain_failure,
    tell_reason,
)
from layerscope.sources.registry.origin import Origin, follow_place, show_url
from layerscope.sources.registry.pools import CONNECT_SECONDS, make_pool
from layerscope.sources.registry.proxies import find_proxy, tell_way
from layerscope.sources.registry.retry_wait import wait_before_retry
from layerscope.sources.registry.tls_probe import TlsExpectedError, speaks_tls

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

DOCUMENT_SECONDS: Final = 60.0
"""The longest that a document may take, however steadily it drips."""

ATTEMPTS: Final = 10
"""Tries of one request: with three in ten failing, one in a hundred thousand is given up."""
RETRY_SECONDS: Final = 90.0
"""The longest since the first try that another one begins: a registry that says nothing is not waited for six times."""

MAX_REDIRECTS: Final = 5

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD: Final = frozenset({307, 308})
"""Redirects of which every server and client holds that the request stays what it is."""
_BAD_REQUEST: Final = 400
_HARMLESS: Final = frozenset({"GET", "HEAD"})
PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
"""Answers after which the same request may succeed."""

_CHUNK: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Answer:
    """A response whose body was read: status, headers with lower-case names, and the body."""

    status: int
    headers: Mapping[str, str]
    challenges: tuple[str, ...]
    body: bytes
    origin: Origin
    """Who answered, after redirects."""
    url: str = field(repr=False)
    """Where it was had; its query may be a credential."""
    tried: str = ""
    """How often it was asked for and for how long, for a message, where that was more than once."""


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent, wherever a redirect leads it."""

    method: str
    headers: Mapping[str, str]
    task: str
    body: bytes | memoryview | None = None
    is_secret: bool = False
    """Whether the body stays with the host that it is for."""
    patience: float | None = None
    """Seconds until an answer has to begin, where that is longer than usual."""


class Transport:
    """Speaks to one registry; safe to use from several threads."""

    def __init__(self, endpoint: Endpoint, environment: Mapping[str, str], *, progress: Progress | None = None) -> None:
        """Connect to nothing yet; `progress` is told what is waited for."""
        self.endpoint = endpoint
        self._progress = progress or SilentProgress()
        self._environment = environment
        self._lock = threading.Lock()
        self.home = Origin.of(endpoint.url, task=f"asking {endpoint.host}")
        self._addresses = AddressCheck(self.home)
        self._has_answered = self._was_tried_by_tls = False
        self._pools: dict[tuple[int, str], PoolManager] = {}
        self.conceal: Callable[[str], str] = str
        """Strikes out of what is told while we wait whatever lets somebody in: a server may say it back."""

    def read(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        task: str,
        body: bytes | memoryview | None = None,
        is_secret: bool = False,
        attempts: int = ATTEMPTS,
        patience: float | None = None,
    ) -> Answer:
        """Send a request and read its answer, a document of bounded size; raises TransferError that names the task.

        What may not be sent again without a look at what became of it is sent with one attempt. A secret body goes to
        no other host, wherever a redirect leads.
        """
        request = _Request(method, headers, task, body, is_secret, patience)
        began = time.monotonic()
        for attempt in range(attempts):
            is_last = attempt + 1 == attempts
            try:
                response, place = self._follow(url, request)
                with response:
                    if response.status == _BAD_REQUEST:
                        self._check_scheme(task)
                    self._has_answered = True
                    is_last = is_last or time.monotonic() - began > RETRY_SECONDS
                    if response.status not in PASSING or is_last:
                        return Answer(
                            response.status,
                            {name.lower(): response.headers[name] for name in response.headers},
                            tuple(response.headers.getlist("WWW-Authenticate")),
                            _read_document(response, task),
                            Origin.of(place, task=task),
                            place,
                            _tell_tries(attempt + 1, time.monotonic() - began),
                        )
                why = f"{task}: answered {response.status}"
                wait_before_retry(attempt, response.headers.get("Retry-After"), tell=self._teller(why))
            except ConnectionFailedError as error:
                if not isinstance(error, NothingListensError):
                    self._check_scheme(task)
                passed = time.monotonic() - began
                is_hopeless = isinstance(error, NothingListensError) and not self._has_answered
                if is_last or is_hopeless or passed > RETRY_SECONDS:
                    if attempt:
                        error.args = (f"{error}{_tell_tries(attempt + 1, passed)}",)
                    raise
                wait_before_retry(attempt, tell=self._teller(str(error)))
        raise AssertionError("the last attempt returns or raises")

    def _check_scheme(self, task: str) -> None:
        """Raise TlsExpectedError where the registry is on loopback, did not understand us yet, and speaks TLS."""
        home = self.home
        if self._has_answered or self._was_tried_by_tls or home.scheme != "http" or not is_loopback(home.host):
            return
        self._was_tried_by_tls = True
        if speaks_tls(home.host, home.port):
            raise TlsExpectedError(f"{task}: it speaks TLS")

    def _teller(self, why: str) -> Callable[[float], None]:
        return lambda seconds: self._progress.wait(self.conceal(why), seconds)

    def open(self, url: str, *, headers: Mapping[str, str], task: str) -> tuple["BaseHTTPResponse", Origin]:
        """Send a GET whose body the caller reads, and tell who answers; one try, since the caller knows what it has."""
        response, place = self._follow(url, _Request("GET", headers, task))
        return response, Origin.of(place, task=task)

    def _follow(self, url: str, request: _Request) -> tuple["BaseHTTPResponse", str]:
        """The answer to a request, and the address that gave it."""
        task, headers = request.task, request.headers
        origin = Origin.of(url, task=task)
        for _ in range(MAX_REDIRECTS + 1):
            response = self._send(url, request, headers)
            place = response.headers.get("Location")
            if response.status not in _REDIRECTS or not place:
                return response, url
            response.close()
            url = follow_place(url, place, task=task, what="a redirect")
            if request.method not in _HARMLESS and response.status not in _SAME_METHOD:
                where = f"a redirect to {show_url(url)} by {response.status}"
                raise TransferError(f"{task}: {where}, expected 307 or 308 for {request.method}")
            target = Origin.of(url, task=f"{task}: a redirect")
            if target != origin:
                if request.is_secret:
                    raise TransferError(f"{task}: a redirect to {show_url(url)}, expected an answer")
                headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
            origin = target
        raise TransferError(f"{task}: more than {MAX_REDIRECTS} redirects, the last to {show_url(url)}")

    def _send(self, url: str, request: _Request, headers: Mapping[str, str]) -> "BaseHTTPResponse":
        import urllib3
        import urllib3.exceptions

        origin, task, body = Origin.of(url, task=request.task), request.task, request.body
        proxy = find_proxy(origin, self._environment)
        where = "" if origin == self.home else f", at {show_url(url)}"
        sent = {"User-Agent": f"layerscope/{__version__}", **headers}
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=request.patience or READ_SECONDS)
        if body:
            sent["Content-Length"] = str(len(body))
        try:
            response = self._pool(origin).request(
                request.method,
                url,
                headers=sent,
                body=_iter_slices(body) if body else None,
                timeout=timeout,
                redirect=False,
                retries=False,
                preload_content=False,
            )
        except (ForbiddenAddressError, LateAnswerError) as error:
            raise type(error)(f"{task}: {error}") from error
        except urllib3.exceptions.HTTPError as error:
            host = self.endpoint.host
            raise explain_failure(error, url=url, task=task, where=where, proxy=proxy, host=host) from error
        except (OSError, ValueError) as error:
            raise ConnectionFailedError(f"{task}{where}{tell_way(proxy)}: {tell_reason(error)}") from error
        if response.status == PROXY_LOGIN and proxy and origin.scheme == "http":  # through a tunnel, the registry's own
            response.close()
            raise TransferError(f"{task}{where}{tell_way(proxy)}: {explain_barred(response.status, proxy)}")
        return response

    def _pool(self, origin: Origin) -> "PoolManager":
        """The connections to use for an address: through a proxy where the environment names one for it."""
        proxy = find_proxy(origin, self._environment)
        literal = find_literal(origin.host) if proxy else None
        if literal is not None:  # a proxy finds names out for itself, and connects to what is no name wherever it is
            self._addresses.check(origin.host, origin.port, literal)
        key = (os.getpid(), proxy)  # a worker that was forked has connections of its own
        with self._lock:
            if key not in self._pools:
                context = make_context(self.endpoint.host, self._environment)
                self._pools[key] = make_pool(proxy, self._addresses, context)
            return self._pools[key]


def _iter_slices(body: bytes | memoryview) -> Iterator[bytes]:
    """A body in pieces: the time limit of a connection is for each of them, and not for all, however slow it is."""
    for start in range(0, len(body), _CHUNK):
        yield bytes(body[start : start + _CHUNK])


def _read_document(response: "BaseHTTPResponse", task: str) -> bytes:
    import urllib3.exceptions

    chunks, size, deadline = [], 0, time.monotonic() + DOCUMENT_SECONDS
    try:
        while chunk := response.read1(_CHUNK, decode_content=True):
            size += len(chunk)
            if size > MAX_DOCUMENT_SIZE:
                raise TransferError(f"{task}: an answer of more than {MAX_DOCUMENT_SIZE:,} bytes, the limit")
            if time.monotonic() > deadline:
                raise TransferError(f"{task}: {size:,} bytes in {DOCUMENT_SECONDS:.0f} s, and still no end")
            chunks.append(chunk)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise ConnectionFailedError(
            f"{task}: the answer broke off after {size:,} bytes: {tell_reason(error)}"
        ) from error
    return b"".join(chunks)


def _tell_tries(tries: int, seconds: float) -> str:
    return f" (tried {tries} times in {seconds:.0f} s)" if tries > 1 else ""
