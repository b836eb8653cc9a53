"""Connections to the hosts of a registry, each held to `AddressCheck` and to answers that begin in time."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from layerscope.errors import TransferError
from layerscope.sources.registry.address_check import AddressCheck

if TYPE_CHECKING:
    import socket

    from urllib3 import HTTPResponse, PoolManager
    from urllib3.connection import HTTPConnection

CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 60.0
"""The longest silence in the middle of an answer."""
HEAD_SECONDS: Final = 90.0
"""The longest until the head of an answer is there, unless who asks has more patience."""
CONNECTIONS: Final = 8
"""Connections to one host that are kept for the next request."""


def make_pool(proxy: str, addresses: AddressCheck, context: ssl.SSLContext) -> "PoolManager":
    """Connections that are kept for the next request, through a proxy where one is named; raises TransferError."""
    import urllib3
    import urllib3.exceptions

    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    if not proxy:
        pool = urllib3.PoolManager(timeout=timeout, maxsize=CONNECTIONS, ssl_context=context)
        pool.pool_classes_by_scheme = _checked_pools(addresses)
        return pool
    try:  # a proxy connects for us: what it may reach is its owner's affair
        parts = urllib3.util.parse_url(proxy if "://" in proxy else f"http://{proxy}")
        given = urllib3.make_headers(proxy_basic_auth=unquote(parts.auth)) if parts.auth else None
        return urllib3.ProxyManager(
            parts._replace(auth=None).url,
            proxy_headers=given,
            timeout=timeout,
            maxsize=CONNECTIONS,
            ssl_context=context,
        )
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise TransferError("reading the proxy of the environment: expected http://HOST:PORT") from error


def _checked_pools(addresses: AddressCheck) -> dict[str, type]:
    """Connection pools whose connections tell the address that they reached before anything is sent."""
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    class CheckedPool(HTTPConnectionPool):
        ConnectionCls = _check_connections(HTTPConnection, addresses)

    class CheckedTlsPool(HTTPSConnectionPool):
        ConnectionCls = _check_connections(HTTPSConnection, addresses)

    return {"http": CheckedPool, "https": CheckedTlsPool}


def _check_connections(kind: "type[HTTPConnection]", addresses: AddressCheck) -> type:
    """Connections of that kind whose address is checked, and whose answers have to begin in time."""

    class Checked(kind):  # type: ignore[misc, valid-type] # of a kind known only here
        def _new_conn(self) -> "socket.socket":
            return _check(addresses, self.host, self.port, super()._new_conn())

        def getresponse(self) -> "HTTPResponse":
            with _limited(self.sock, max(HEAD_SECONDS, self.timeout or 0)):
                response: HTTPResponse = super().getresponse()
            return response

    return Checked


def _check(addresses: AddressCheck, host: str, port: int | None, connected: "socket.socket") -> "socket.socket":
    try:
        addresses.check(host.lower().strip("[]"), port or 0, connected.getpeername()[0])
    except BaseException:
        connected.close()
        raise
    return connected


@contextmanager
def _limited(connected: "socket.socket | None", seconds: float) -> Iterator[None]:
    """Break a connection off whose answer does not begin in time, however steadily its head drips."""
    timer = threading.Timer(seconds, _break_off, (connected,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _break_off(connected: "socket.socket | None") -> None:
    if connected is not None:
        with suppress(OSError):
            connected.shutdown(2)
