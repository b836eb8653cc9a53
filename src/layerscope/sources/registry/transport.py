"""HTTP requests to a registry and to where it leads: connections kept, redirects held to rules, failures tried again.

Redirects are followed here and not by the library: each may lead to another host, which is then told no credential, and
every connection is held to `AddressCheck`.
"""

import os
import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from layerscope import __version__
from layerscope.errors import TransferError
from layerscope.image.document import MAX_DOCUMENT_SIZE
from layerscope.progress import Progress, SilentProgress
from layerscope.sources.registry.address_check import AddressCheck, ForbiddenAddressError
from layerscope.sources.registry.certificates import make_context
from layerscope.sources.registry.connections import READ_SECONDS, LateAnswerError
from layerscope.sources.registry.endpoint import Endpoint
from layerscope.sources.registry.origin import Origin, follow_place, show_url
from layerscope.sources.registry.pools import CONNECT_SECONDS, make_pool
from layerscope.sources.registry.proxies import find_proxy

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

DOCUMENT_SECONDS: Final = 60.0
"""The longest that a document may take, however steadily it drips."""

ATTEMPTS: Final = 10
"""Tries of one request: with three in ten failing, one in a hundred thousand is given up."""
RETRY_SECONDS: Final = 90.0
"""The longest since the first try that another one begins: a registry that says nothing is not waited for six times."""
FIRST_WAIT: Final = 0.2
OWN_WAIT: Final = 5.0
LONGEST_WAIT: Final = 30.0
"""Seconds before the second try, doubled each time up to the next, and the most that a server's word is obeyed."""

MAX_REDIRECTS: Final = 5

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD: Final = frozenset({307, 308})
"""Redirects of which every server and client holds that the request stays what it is."""
_HARMLESS: Final = frozenset({"GET", "HEAD"})
PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
"""Answers after which the same request may succeed."""

_CONNECTION: Final = re.compile(r"^<?\w+\([^)]*\)>?: |^<[^>]* object at 0x[0-9a-f]+>: ")
"""How the library names a connection before it says what is wrong with it."""

_CHUNK: Final = 64 << 10


class ConnectionFailedError(TransferError):
    """A request got no answer, or lost it; another try may do better."""


class NothingListensError(ConnectionFailedError):
    """Nobody takes connections there, or the name leads nowhere: at first, another try changes nothing."""


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
        self._has_answered = False
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
                        )
                why = f"{task}: answered {response.status}"
                wait_before_retry(attempt, response.headers.get("Retry-After"), tell=self._teller(why))
            except ConnectionFailedError as error:
                passed = time.monotonic() - began
                is_hopeless = isinstance(error, NothingListensError) and not self._has_answered
                if is_last or is_hopeless or passed > RETRY_SECONDS:
                    if attempt:
                        error.args = (f"{error} (tried {attempt + 1} times in {passed:.0f} s)",)
                    raise
                wait_before_retry(attempt, tell=self._teller(str(error)))
        raise AssertionError("the last attempt returns or raises")

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
        where = "" if origin == self.home else f", at {show_url(url)}"
        sent = {"User-Agent": f"layerscope/{__version__}", **headers}
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=request.patience or READ_SECONDS)
        if body:
            sent["Content-Length"] = str(len(body))
        try:
            return self._pool(origin).request(
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
            if isinstance(error.__cause__, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY" in str(error):
                why = (
                    f"the certificate of {show_url(url)} was not accepted: {_tell(error)}; an authority of its own is "
                    f"looked for in certs.d/{self.endpoint.host}/ca.crt and in $SSL_CERT_FILE"
                )
                raise TransferError(f"{task}: {why}") from error
            if "WRONG_VERSION_NUMBER" in str(error):
                raise TransferError(f"{task}{where}: it does not speak TLS; --insecure asks it in the clear") from error
            if isinstance(error, urllib3.exceptions.NameResolutionError) or _is_refused(error):
                raise NothingListensError(f"{task}{where}: {_tell(error)}") from error
            raise ConnectionFailedError(f"{task}{where}: {_tell(error)}") from error
        except (OSError, ValueError) as error:
            raise ConnectionFailedError(f"{task}{where}: {_tell(error)}") from error

    def _pool(self, origin: Origin) -> "PoolManager":
        """The connections to use for an address: through a proxy where the environment names one for it."""
        proxy = find_proxy(origin, self._environment)
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


def _is_refused(error: BaseException) -> bool:
    """Whether nothing listens there, which no other try changes."""
    return isinstance(error.__cause__, ConnectionRefusedError) or isinstance(
        getattr(error, "reason", None), ConnectionRefusedError
    )


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
        raise ConnectionFailedError(f"{task}: the answer broke off after {size:,} bytes: {_tell(error)}") from error
    return b"".join(chunks)


def wait_before_retry(
    attempt: int, retry_after: str | None = None, *, tell: Callable[[float], None] | None = None
) -> None:
    """Wait before trying again: longer each time, not in step with others, and as long as the server asks for.

    How many seconds that are is told first, to whoever wants to know.
    """
    asked = float(retry_after) if retry_after and retry_after.isdecimal() and len(retry_after) < 6 else 0.0  # noqa: PLR2004 - digits
    own = min(FIRST_WAIT * 2**attempt, OWN_WAIT) * (0.5 + random.random())  # noqa: S311 - no secret
    seconds = min(max(asked, own), LONGEST_WAIT)
    if tell is not None:
        tell(seconds)
    time.sleep(seconds)


def _tell(error: BaseException) -> str:
    """The innermost words of an error: the library wraps those of the system."""
    reason = getattr(error, "reason", None) or (error.args[1] if len(error.args) > 1 else None)
    if isinstance(reason, BaseException):
        return _tell(reason)
    words = _CONNECTION.sub("", str(error)) or type(error).__name__
    return re.sub(r"//[^/@\s]*@", "//", words)[:300]
