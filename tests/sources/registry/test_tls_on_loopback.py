"""A registry on loopback may speak TLS, whatever its server says to a request in the clear."""

import shutil
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest

from layerscope.audit.result import AuditResult
from layerscope.errors import SourceError
from layerscope.sources.registry import tls_probe
from layerscope.sources.registry.tls_probe import speaks_tls
from support.own_certificate import make_certificate
from support.registry_server import Registry, RegistryHandler, always

Audit = Callable[..., AuditResult]

NGINX: Final = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s" % (
    len(page := b"<center>The plain HTTP request was sent to HTTPS port</center>"),
    page,
)
"""What nginx answers in the clear where it expects TLS."""
SOMEBODY: Final = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate of this host's own, with its key in one file."""
    monkeypatch.setattr(tls_probe, "PROBE_SECONDS", 10.0)
    return make_certificate(tmp_path)


@contextmanager
def serve_tls(registry: Registry, certificate: Path, *, answers: bytes) -> Iterator[str]:
    """What a registry has, by TLS; who comes in the clear is answered that, or is hung up on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Handler(RegistryHandler):
        def setup(self) -> None:
            if self.request.recv(1, 2) != b"\x16":  # MSG_PEEK; 22 begins a handshake (RFC 8446, 5.1)
                self.request.recv(65536)
                self.request.sendall(answers)
                self.request.close()
                raise ConnectionAbortedError("in the clear")
            self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing."""

    handler = type("Bound", (Handler,), {"registry": registry})
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("answers", [b"", NGINX, SOMEBODY], ids=["hangs up", "nginx", "a bare 400"])
def test_one_that_speaks_tls_is_asked_by_tls(
    answers: bytes, demo: Registry, audit: Audit, certificate: Path, tmp_path: Path
) -> None:
    """At the first sign of it, and not after ten tries; its certificate is held to the usual places."""
    with serve_tls(demo, certificate, answers=answers) as address:
        demo.address = address
        with pytest.raises(SourceError, match=r"the certificate of https://127\.0\.0\.1"):
            audit(demo)
        trusted = tmp_path / "config" / "containers" / "certs.d" / address
        trusted.mkdir(parents=True)
        shutil.copy(tmp_path / "cert.pem", trusted / "ca.crt")
        environment = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
        assert audit(demo, environment=environment).is_intact


def test_one_in_the_clear_that_fails_stays_in_the_clear(
    demo: Registry, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first connection that breaks, or a refusal, is no sign of TLS where nobody shakes hands."""
    monkeypatch.setattr(tls_probe, "PROBE_SECONDS", 0.2)
    broken: list[str] = []

    def break_once(handler: RegistryHandler, path: str) -> bool:
        if not broken:
            broken.append(path)
            handler.hang_up()
            return True
        return False

    demo.fault = break_once
    assert audit(demo).is_intact
    demo.fault = always("/manifests/", 400)
    with pytest.raises(SourceError, match="answered 400"):
        audit(demo)


def test_an_alert_is_tls(certificate: Path) -> None:
    """A server that wants a newer version than ours, or a certificate of ours, speaks TLS all the same."""
    del certificate
    alert = b"\x15\x03\x01\x00\x02\x02\x28"  # handshake_failure (RFC 8446, 6.2)
    for answer, expected in ((alert, True), (b"HTTP/1.1 400 Bad Request\r\n\r\n", False)):
        with ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Raw,), {"answer": answer})) as server:
            thread = threading.Thread(target=server.handle_request, daemon=True)
            thread.start()
            assert speaks_tls("127.0.0.1", server.server_address[1]) == expected
            thread.join()


class _Raw(RegistryHandler):
    """Answers whatever comes with the same bytes."""

    answer: bytes

    def handle(self) -> None:
        """Answer, and hang up."""
        self.request.recv(65536)
        self.request.sendall(self.answer)
