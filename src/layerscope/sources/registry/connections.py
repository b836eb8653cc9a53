"""Connections to a registry and where it leads: their addresses are checked, and their answers begin in time."""

import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from layerscope.errors import TransferError
from layerscope.sources.registry.address_check import AddressCheck

if TYPE_CHECKING:
    import socket

    from urllib3 import HTTPResponse
    from urllib3.connection import HTTPConnection

READ_SECONDS: Final = 60.0
"""The longest silence in the middle of an answer."""
HEAD_SECONDS: Final = 90.0
"""The longest until the head of an answer is there, unless who asks has more patience."""


class LateAnswerError(TransferError):
    """An answer whose head did not come to its end in time, however steadily it dripped."""


def checked_pools(addresses: AddressCheck) -> dict[str, type]:
    """Connection pools by scheme whose connections tell the address that they reached before anything is sent."""

    def check(kind: "type[HTTPConnection]") -> "type[HTTPConnection]":
        class Checked(_limit(kind)):  # type: ignore[misc] # of a kind known only here
            def _new_conn(self) -> "socket.socket":
                host = self.host.lower().strip("[]")
                if _is_address(host):  # what is forbidden anyway is not called
                    addresses.check(host, self.port or 0, host)
                return _check(addresses, self.host, self.port, super()._new_conn())

        return Checked

    from urllib3.connection import HTTPConnection, HTTPSConnection

    return _make_pools(check(HTTPConnection), check(HTTPSConnection))


def limited_pools() -> dict[str, type]:
    """Connection pools for a proxy, which connects for us: where a name leads is its owner's affair."""
    from urllib3.connection import HTTPConnection, HTTPSConnection

    return _make_pools(_limit(HTTPConnection), _limit(HTTPSConnection))


def _make_pools(plain: type, secured: type) -> dict[str, type]:
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    return {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecuredPool", (HTTPSConnectionPool,), {"ConnectionCls": secured}),
    }


def _limit(kind: "type[HTTPConnection]") -> "type[HTTPConnection]":
    """Connections of that kind whose answers have to begin in time, a proxy's word on a tunnel among them."""

    class Limited(kind):  # type: ignore[misc, valid-type] # of a kind known only here
        def connect(self) -> None:
            super().connect()
            if self.sock is not None:  # to connect has a time of its own; a registry may think longer between chunks
                self.sock.settimeout(max(READ_SECONDS, self.timeout or 0))

        def _tunnel(self) -> None:
            with _limited(self.sock, HEAD_SECONDS):
                super()._tunnel()

        def getresponse(self) -> "HTTPResponse":
            patience = self.timeout or 0
            with _limited(self.sock, patience if patience > READ_SECONDS else HEAD_SECONDS):
                response: HTTPResponse = super().getresponse()
            return response

    return Limited


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _check(addresses: AddressCheck, host: str, port: int | None, connected: "socket.socket") -> "socket.socket":
    try:
        addresses.check(host.lower().strip("[]"), port or 0, connected.getpeername()[0])
    except BaseException:
        connected.close()
        raise
    return connected


@contextmanager
def _limited(connected: "socket.socket | None", seconds: float) -> Iterator[None]:
    """Break a connection off whose answer does not begin in time; raises LateAnswerError then."""
    is_late = threading.Event()

    def break_off() -> None:
        is_late.set()
        if connected is not None:
            with suppress(OSError):
                connected.shutdown(2)

    timer = threading.Timer(seconds, break_off)
    timer.daemon = True
    timer.start()
    cause: Exception | None = None
    try:
        yield
    except Exception as error:
        if not is_late.is_set():
            raise
        cause = error
    finally:
        timer.cancel()
    if is_late.is_set():  # what came until then may pass for a head
        raise LateAnswerError(f"the head of an answer is not there after {seconds:.0f} s") from cause
