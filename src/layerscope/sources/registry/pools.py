"""Connections to the hosts of a registry, each held to `AddressCheck` and to answers that begin in time."""

import ssl
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from layerscope.errors import TransferError
from layerscope.sources.registry.address_check import AddressCheck
from layerscope.sources.registry.connections import READ_SECONDS, checked_pools, limited_pools
from layerscope.sources.registry.proxies import parse_proxy

if TYPE_CHECKING:
    from urllib3 import PoolManager

CONNECT_SECONDS: Final = 10.0
CONNECTIONS: Final = 8
"""Connections to one host that are kept for the next request."""


def make_pool(proxy: str, addresses: AddressCheck, context: ssl.SSLContext) -> "PoolManager":
    """Connections that are kept for the next request, through a proxy where one is named; raises TransferError."""
    import urllib3
    import urllib3.exceptions

    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    if not proxy:
        pool = urllib3.PoolManager(timeout=timeout, maxsize=CONNECTIONS, ssl_context=context)
        pool.pool_classes_by_scheme = checked_pools(addresses)
        return pool
    parts = parse_proxy(proxy)
    try:  # a proxy connects for us: where a name leads is its owner's affair
        given = urllib3.make_headers(proxy_basic_auth=unquote(parts.auth)) if parts.auth else None
        pool = urllib3.ProxyManager(
            parts._replace(auth=None).url,
            proxy_headers=given,
            timeout=timeout,
            maxsize=CONNECTIONS,
            ssl_context=context,
        )
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise TransferError("reading the proxy of the environment: expected http://HOST:PORT") from error
    pool.pool_classes_by_scheme = limited_pools()
    return pool
