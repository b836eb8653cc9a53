"""Whose TLS failed, and who answered: a proxy, or the registry behind it."""

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from layerscope.errors import TransferError
from layerscope.sources.registry.endpoint import Endpoint
from layerscope.sources.registry.transport import Transport
from support.own_certificate import make_certificate

UNKNOWN = b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@contextmanager
def serve_proxy(certificate: Path, *, speaks_tls: bool) -> Iterator[str]:
    """A proxy that opens a tunnel, behind which a registry speaks TLS and answers 407; `speaks_tls` itself as well."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                if speaks_tls:
                    context.wrap_socket(self.request, server_side=True)
                    return
                self.request.recv(65536)
                self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                with context.wrap_socket(self.request, server_side=True) as inner:
                    inner.recv(65536)
                    inner.sendall(UNKNOWN)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_the_certificate_of_a_proxy_is_told_as_the_proxys(tmp_path: Path) -> None:
    """The registry was never reached, and an authority for it would cure nothing."""
    with serve_proxy(make_certificate(tmp_path), speaks_tls=True) as place:
        told = ask({"https_proxy": f"https://{place}"}).replace(place, "PROXY")
    assert told.startswith("asking, through the proxy PROXY: the certificate of the proxy was not accepted: ")
    assert told.endswith("; an authority of its own is looked for in $SSL_CERT_FILE")


def test_what_a_registry_answers_through_a_tunnel_is_not_taken_for_the_proxys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it could make us ask for the proxy's password."""
    certificate = make_certificate(tmp_path, "DNS:registry.invalid")
    with serve_proxy(certificate, speaks_tls=False) as place:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        environment = {"https_proxy": f"http://{place}"}
        endpoint = Endpoint("https", "registry.invalid:5000")
        answer = Transport(endpoint, {"HOME": "/nonexistent", **environment}).read(
            "GET", f"{endpoint.url}/v2/", headers={}, task="asking"
        )
    assert answer.status == 407


def ask(environment: dict[str, str]) -> str:
    """What is said of a request that fails."""
    endpoint = Endpoint("https", "registry.invalid:5000")
    with pytest.raises(TransferError) as raised:
        Transport(endpoint, {"HOME": "/nonexistent", **environment}).read(
            "GET", f"{endpoint.url}/v2/", headers={}, task="asking"
        )
    return str(raised.value)
