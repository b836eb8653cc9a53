"""HTTP as far as a server must be asked: one connection a call, each with its own deadline, every body bounded."""

import json
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

MAX_BODY = 4 << 20
"""Bytes of a body that are read: 512 tokens in the most talkative of answers take a twentieth of that."""

PIECE = 1 << 16
MAX_PIECES = 20_000

NOT_OFFERED = frozenset({404, 405, 501})
"""A server that has no such path, or not for this method."""

FOREIGN_TLS = frozenset({"WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"})
"""Reasons of ssl.SSLError where what answers speaks no TLS."""

UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
"""The reason where its certificate is another's, too old, or of an authority that is not known here."""


Dial = Callable[[str, int, float], Any]
"""Makes a connection to a host and a port within so many seconds."""


class CallError(Exception):
    """A call that got no whole answer.

    `kind` is `refused`, `unreachable`, `timeout`, `stalled`, `cut`, `protocol`, `no-http` or `untrusted`.
    """

    def __init__(self, kind: str, detail: str) -> None:
        """Say what happened."""
        Exception.__init__(self, detail)
        self.kind = kind


class Reply:
    """An answer: its status, its headers by small name, its body, and how long it took."""

    def __init__(self, status: int, headers: Dict[str, str], body: bytes, seconds: float) -> None:
        """Keep what came."""
        self.status, self.headers, self.body, self.seconds = status, headers, body, seconds

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def read_json(self) -> Any:
        """The body as JSON; None for anything else."""
        return read_json(self.text)


def read_json(text: str) -> Any:
    """The value that a text spells; None for anything else, however deeply it is nested."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class HttpClient:
    """Asks one server; follows nothing, keeps nothing, and uses no proxy."""

    def __init__(self, host: str, port: int, *, dial: Dial, prefix: str = "", tls: bool = False, key: str = "") -> None:
        """Talk to that server, over connections that `dial` makes.

        `key` goes with every call, and is taken out of answers where it stands
        as it is; whoever reads the records strikes out what is left.
        """
        self.host, self.port = host, port
        self._dial, self._prefix, self._tls, self._key = dial, prefix.rstrip("/"), tls, key
        self.request_id = ""

    def ask(self, method: str, path: str, body: Any = None, *, seconds: float) -> Reply:
        """The whole answer, within that time; raises CallError."""
        kept: List[bytes] = []
        reply = self._call(method, path, body, (seconds, seconds), lambda piece, _at: kept.append(piece))
        reply.body = self._clean(b"".join(kept))
        return reply

    def follow(
        self, path: str, body: Any, on_piece: Callable[[bytes, float], Any], *, seconds: float, stall: float
    ) -> Reply:
        """Give every piece of the answer to `on_piece`, with the time since the call; no gap is longer than `stall`.

        The body of what is returned is the whole of it.
        """
        kept: List[bytes] = []

        def take(piece: bytes, at: float) -> None:
            kept.append(piece)
            on_piece(self._clean(piece), at)

        reply = self._call("POST", path, body, (seconds, stall), take)
        reply.body = self._clean(b"".join(kept))
        return reply

    def _clean(self, content: bytes) -> bytes:
        """What came without our key, which a server may repeat in a complaint."""
        return content.replace(self._key.encode("utf-8"), b"(key)") if self._key else content

    def _call(
        self, method: str, path: str, body: Any, limits: Tuple[float, float], take: Callable[[bytes, float], Any]
    ) -> Reply:
        import http.client

        began = time.monotonic()
        seconds, stall = limits
        watch = _Watch(began + seconds)
        headers = {"Accept": "application/json, text/event-stream, */*", "Connection": "close"}
        if self.request_id:
            headers["X-Request-Id"] = self.request_id
        if self._key:
            headers["Authorization"] = "Bearer " + self._key
        content = None
        if body is not None:
            content = json.dumps(body).encode("utf-8")
            headers["Content-Type"] = "application/json"
        kind = http.client.HTTPSConnection if self._tls else http.client.HTTPConnection  # they name ports differently
        connection = kind(self.host, self.port)
        sock: Any = None
        try:
            sock = self._open(max(seconds, 0.05))
            began = time.monotonic()
            connection.sock = _TimedSocket(sock, watch)
            connection.request(method, self._prefix + path, body=content, headers=headers)
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            watch.stall = stall
            self._read(response, take, began)
            return Reply(response.status, told, b"", time.monotonic() - began)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise _tell_error(error, watch) from None
        finally:
            connection.close()
            if sock is not None:
                sock.close()

    def _open(self, seconds: float) -> Any:
        sock = self._dial(self.host, self.port, seconds)
        if not self._tls:
            return sock
        import ssl

        try:
            return ssl.create_default_context().wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise

    def _read(self, response: Any, take: Callable[[bytes, float], Any], began: float) -> None:
        size = 0
        for _ in range(MAX_PIECES):
            piece = response.read1(PIECE)
            if not piece:
                return
            size += len(piece)
            take(piece, time.monotonic() - began)
            if size > MAX_BODY:
                raise CallError("protocol", f"the answer is longer than {MAX_BODY} bytes")
        raise CallError("protocol", f"the answer came in more than {MAX_PIECES} pieces")


class _Watch:
    """The time that is left, altogether and until the next byte."""

    def __init__(self, deadline: float) -> None:
        self.deadline, self.stall = deadline, float("inf")
        self.is_stalled = False

    def measure(self) -> float:
        """Seconds that the next wait may take."""
        left = self.deadline - time.monotonic()
        self.is_stalled = self.stall < left
        return max(min(left, self.stall), 0.001)


class _TimedSocket:
    """A socket every wait of which is bounded by the time that is left: http.client's own limit is for each wait."""

    def __init__(self, sock: Any, watch: _Watch) -> None:
        self._sock, self._watch = sock, watch

    def makefile(self, mode: str = "rb", *_rest: Any) -> Any:
        """A stream of what comes."""
        import io

        sock, watch = self._sock, self._watch

        class Raw(io.RawIOBase):
            def readable(self) -> bool:
                return True

            def readinto(self, buffer: Any) -> Optional[int]:
                sock.settimeout(watch.measure())
                return int(sock.recv_into(buffer))

        assert "r" in mode, "http.client writes by sendall"
        return io.BufferedReader(Raw())

    def sendall(self, content: Any) -> None:
        """Send all of it."""
        self._sock.settimeout(self._watch.measure())
        self._sock.sendall(content)

    def close(self) -> None:
        """Leave the socket open: http.client lets go of it while the rest of an answer is still to come."""


def _tell_error(error: BaseException, watch: _Watch) -> CallError:
    import http.client
    import socket

    words = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, socket.timeout):
        return CallError("stalled" if watch.is_stalled else "timeout", "no byte came in time")
    if isinstance(error, ConnectionRefusedError):
        return CallError("refused", "the connection was refused")
    foreign = (http.client.BadStatusLine, http.client.LineTooLong, http.client.UnknownProtocol)
    if isinstance(error, foreign) and not isinstance(error, ConnectionError):
        return CallError("no-http", f"the answer is no HTTP: {words[:80]!r}")
    if getattr(error, "reason", "") in FOREIGN_TLS:
        return CallError("no-http", f"the answer is no TLS: {words[:160]}")
    if getattr(error, "reason", "") == UNTRUSTED:
        why = getattr(error, "verify_message", "") or words[:160]
        return CallError("untrusted", f"the server's certificate was not accepted: {why}")
    if isinstance(error, OSError) and not isinstance(error, ConnectionError):
        return CallError("unreachable", words)
    return CallError("cut", "the connection was closed before the answer was whole: " + words)
