"""Sockets and processes of a server, as the kernel tells them."""

import pytest

from layerscope.probe.payload.watched_server import WatchedServer, parse_listener


@pytest.mark.parametrize(
    ("text", "host", "port", "is_loopback"),
    [
        ("0100007F:1F40", "127.0.0.1", 8000, True),
        ("00000000:1F90", "127.0.0.1", 8080, False),
        ("0200000A:0050", "10.0.0.2", 80, False),
        ("00000000000000000000000000000000:1F90", "127.0.0.1", 8080, False),
        ("00000000000000000000000001000000:1F90", "::1", 8080, True),
        ("0000000000000000FFFF00000100007F:1F90", "127.0.0.1", 8080, True),
        ("B80D0120000000000000000001000000:1F90", "2001:0db8:0000:0000:0000:0000:0000:0001", 8080, False),
    ],
)
def test_addresses_of_the_kernel_are_read(text: str, host: str, port: int, *, is_loopback: bool) -> None:
    """Each word in the processor's order of bytes; what listens everywhere is reached by the loopback address."""
    found = parse_listener(text)
    assert found is not None
    assert (found.host, found.port, found.is_loopback) == (host, port, is_loopback)


@pytest.mark.parametrize("text", ["", "local_address", "0100007F", "xyz:1F40"])
def test_other_texts_are_no_addresses(text: str) -> None:
    """As the head of the file."""
    assert parse_listener(text) is None


def test_the_last_line_is_told_though_it_has_not_ended() -> None:
    """A bar of progress goes back to the beginning of its line, and a prompt ends none."""
    server = WatchedServer()
    server.take("stderr", b"starting\nloading shard 1/2\rloading shard 2/2\r")
    assert server.last_line == "loading shard 2/2"
    server.take("stdout", b"run custom code? [y/N]")
    assert server.last_line == "run custom code? [y/N]"
    assert server.list_texts() == ["starting", "loading shard 1/2", "loading shard 2/2"]
    server.take("stdout", b"")
    assert server.list_texts()[-1] == "run custom code? [y/N]"
