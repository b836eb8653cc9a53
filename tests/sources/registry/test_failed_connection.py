"""What is said of a request that a proxy does not let through."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from layerscope.errors import TransferError
from layerscope.sources.registry.endpoint import Endpoint
from layerscope.sources.registry.proxies import tell_way
from layerscope.sources.registry.transport import Transport


class BarringProxy(BaseHTTPRequestHandler):
    """A proxy that gives everybody one answer."""

    status = 407
    asked = 0

    def do_GET(self) -> None:
        """Answer for the registry, or for the way to it."""
        type(self).asked += 1
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_CONNECT = do_GET  # noqa: N815 -- the name in the standard library

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name in the standard library
        """Say nothing."""


@pytest.fixture
def proxy() -> Iterator[ThreadingHTTPServer]:
    """A proxy on loopback."""
    handler = type("Handler", (BarringProxy,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def ask(scheme: str, place: str, *, login: str = "user:PROXYPW@", speaking: str = "http") -> str:
    """What is said where the registry is to be reached through that proxy."""
    endpoint = Endpoint(scheme, "registry.invalid:5000")
    environment = {"HOME": "/nonexistent", f"{scheme}_proxy": f"{speaking}://{login}{place}"}
    with pytest.raises(TransferError) as raised:
        Transport(endpoint, environment).read("GET", f"{endpoint.url}/v2/", headers={}, task="asking")
    assert "PROXYPW" not in str(raised.value)
    return str(raised.value).replace(place, "PROXY")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_to_know_who_asks_is_named(scheme: str, proxy: ThreadingHTTPServer) -> None:
    """At once: another try changes nothing."""
    place = f"127.0.0.1:{proxy.server_port}"
    told = ask(scheme, place, login="")
    assert told.startswith("asking, through the proxy PROXY: the proxy asks for a name and a password: http://NAME:")
    assert ask(scheme, place).endswith(": the proxy does not take the name and the password that stand in its address")
    assert proxy.RequestHandlerClass.asked == 2  # type: ignore[attr-defined]


def test_a_proxy_that_opens_no_way_is_named(proxy: ThreadingHTTPServer) -> None:
    """What it answers is not taken for the registry's word."""
    proxy.RequestHandlerClass.status = 403  # type: ignore[attr-defined]
    told = ask("https", f"127.0.0.1:{proxy.server_port}")
    assert told.startswith("asking, through the proxy PROXY: the proxy opens no way there, and answers 403; NO_PROXY")
    assert proxy.RequestHandlerClass.asked == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_run_is_named(scheme: str) -> None:
    """Instead of a registry that would refuse connections."""
    told = ask(scheme, "127.0.0.1:9")
    assert told.startswith("asking, through the proxy PROXY: ")
    assert told.endswith("Connection refused")


@pytest.mark.parametrize("status", [408, 425, 429])
def test_a_proxy_that_has_too_much_to_do_is_asked_again(status: int, proxy: ThreadingHTTPServer) -> None:
    """Its answer may pass, as the same one of a registry."""
    proxy.RequestHandlerClass.status = status  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("layerscope.sources.registry.transport.time.sleep", lambda _: None)
        told = ask("https", f"127.0.0.1:{proxy.server_port}")
    assert "tried" in told
    assert proxy.RequestHandlerClass.asked > 1  # type: ignore[attr-defined]


def test_a_proxy_whose_name_leads_nowhere_is_named() -> None:
    """As a registry's that leads nowhere."""
    told = ask("https", "no-such-proxy.invalid:3128")
    assert told.startswith("asking, through the proxy PROXY: ")
    assert "tried 10" not in told


def test_a_proxy_that_is_to_speak_tls_and_does_not_is_no_reason_to_ask_in_the_clear(
    proxy: ThreadingHTTPServer,
) -> None:
    """It is the proxy's address that is wrong; without TLS to the registry its credentials would be in the open."""
    told = ask("https", f"127.0.0.1:{proxy.server_port}", speaking="https")
    assert told == "asking, through the proxy PROXY: the proxy does not speak TLS; its address begins with http:// then"


@pytest.mark.parametrize("address", ["http://", "//host:3128", "http:///", "http://:3128", "/", ":"])
def test_a_proxy_without_a_host_has_nothing_to_do_with_a_login(address: str) -> None:
    """What is expected is told alone."""
    with pytest.raises(TransferError) as caught:
        tell_way(address)
    assert str(caught.value) == "reading the proxy of the environment: expected http://HOST:PORT"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://user:SECRET@host:3128/", "host:3128"),
        ("host:3128", "host:3128"),
        ("http://host:1/?token=SECRET", "host:1"),
        ("http://user:SECRET%40host:3128", ""),
        ("http://u:SECRET@h:1/a", "h:1"),
        ("http://u:SECRET%40x@h:1", "h:1"),
        ("u:SECRET@h:1", "h:1"),
        ("http://@h:3128", "h:3128"),
        ("http://h\x1b[31m:1", ""),
        ("http://SECRET:12#s@h:3128", ""),
        ("http://SECRET:12/s@h:3128", ""),
        ("http://u:pw@SECRET/y@host:3128", ""),
        ("http://u:pa@SECRET#rest@host:3128", ""),
        ("http://SECRET/x%40host:3128", ""),
        ("http://SECRET%40host:3128", ""),
        ("http://u:pa@SECRET\\y@host:3128", ""),
        ("SECRET/y@host:3128", ""),
        ("http://SECRET/a://b@h:3128", ""),
        ("http://SECRET:1/a://b@h:3128", ""),
        ("http://u:pw@SEC://RET@h:1", ""),
        ("u:p://SECRET@host:3128", ""),
    ],
)
def test_of_a_proxy_host_and_port_are_told_alone(address: str, shown: str) -> None:
    """Whatever else stands in its address may be a secret; what is no address is not shown."""
    try:
        told = tell_way(address)
    except TransferError as error:
        told = str(error)
    assert "sec" not in told.lower()
    assert "\x1b" not in told
    assert shown in told
    assert shown or "of the environment" in told
