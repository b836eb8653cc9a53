"""A proxy stands between us and the registry: it is held to the same times, and its password shows nowhere."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from layerscope.sources.registry import connections
from support.hostile import PROXY_PASSWORD, Attack, Case
from support.registry_server import Registry


@contextmanager
def serve_proxy(head: bytes, piece: bytes) -> Iterator[str]:
    """A proxy that answers every request by a head and then by a piece, again and again."""
    stopped = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            try:
                self.request.sendall(head)
                while piece and not stopped.wait(0.01):
                    self.request.sendall(piece)
            except OSError:
                pass

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://tester:{PROXY_PASSWORD}@127.0.0.1:{server.server_address[1]}"
        stopped.set()
        server.shutdown()
        thread.join()


LATE: Final = "the head of an answer is not there"
CASES: Final[dict[str, tuple[str, bytes, bytes, str]]] = {
    "head of an answer": ("http", b"HTTP/1.1 200 OK\r\nX: ", b"x", LATE),
    "head of a tunnel": ("https", b"HTTP/1.1 200 OK\r\nX: ", b"x", LATE),
    "first line of a tunnel": ("https", b"", b"x", LATE),
    "refused": (
        "https",
        b"HTTP/1.1 407 Who are you\r\n\r\n",
        b"",
        ": the proxy does not take the name and the password",
    ),
    "no tunnel": ("https", b"\0\1\2", b"", "the manifest 1, through the proxy "),
}


LED: Final = {
    "metadata": "169.254.169.254",
    "metadata as a number": "2852039166",
    "metadata in parts": "0xa9.254.43518",
    "metadata with a dot": "169.254.169.254.",
    "metadata mapped": "[::ffff:a9fe:a9fe]",
    "private": "10.0.0.1",
    "loopback": "127.0.0.1:1",
}


@pytest.mark.parametrize("name", LED)
def test_a_registry_behind_a_proxy_leads_to_no_address_inside(
    name: str, attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy, which could reach it, is not asked."""
    head = f"HTTP/1.1 307 Elsewhere\r\nLocation: http://{LED[name]}/latest/\r\nContent-Length: 0\r\n\r\n"
    with serve_proxy(head.encode(), b"") as place:
        monkeypatch.setenv("http_proxy", place)
        said = attack(Case(name, arrange_name, 3, "which only a registry there may name", ("--insecure",)))
    assert "registry.test leads to" in said


def arrange_name(registry: Registry) -> None:
    """The registry is elsewhere, so that a proxy is asked."""
    registry.address = "registry.test"


@pytest.mark.parametrize("name", CASES)
def test_a_proxy_is_held_to_its_time(name: str, attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the clear and through a tunnel: what drips is given up, what fails is told."""
    scheme, head, piece, words = CASES[name]
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    with serve_proxy(head, piece) as place:
        monkeypatch.setenv(f"{scheme}_proxy", place)
        options = ("--insecure",) if scheme == "http" else ()
        attack(Case(name, arrange_name, 3, words, options))
