"""The proxy for an address, as the environment has it: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY in either case."""

import ipaddress
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from layerscope.errors import TransferError
from layerscope.sources.registry.endpoint import is_loopback
from layerscope.sources.registry.origin import Origin

if TYPE_CHECKING:
    from urllib3.util import Url


def find_proxy(origin: Origin, environment: Mapping[str, str]) -> str:
    """The address of the proxy, or nothing: this host itself is reached without one."""

    def find(name: str) -> str:
        return environment.get(name) or environment.get(name.upper()) or ""

    if is_loopback(origin.host) or any(_is_meant(item.strip(), origin) for item in find("no_proxy").split(",")):
        return ""
    return find(f"{origin.scheme}_proxy") or find("all_proxy")


_BEHIND_HOST: Final = re.compile(r"[/?#\\]")
_LOGIN_END: Final = re.compile("@|%40")
"""What parts a login from a host: behind that, or in it, what is read as a host may be the half of a password."""


def parse_proxy(proxy: str) -> "Url":
    """The parts of a proxy's address, perhaps without a scheme; raises TransferError, which does not show it."""
    import urllib3.exceptions
    from urllib3.util import parse_url

    wanted = "reading the proxy of the environment: expected http://HOST:PORT"
    address = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = parse_url(address)
    except (urllib3.exceptions.HTTPError, ValueError):
        raise TransferError(wanted) from None  # whose message has the address
    behind = _BEHIND_HOST.split(address.partition("://")[2], maxsplit=1)[1:]
    if any(map(_LOGIN_END.search, (parts.host or "", *behind))):
        raise TransferError(f"{wanted}; in NAME:PASSWORD@ before HOST, other signs than letters and digits as %XX")
    if not parts.host:
        raise TransferError(wanted)
    return parts


def tell_way(proxy: str) -> str:
    """What a message of a failed connection says of the proxy: host and port alone, since the rest may be secret."""
    if not proxy:
        return ""
    parts = parse_proxy(proxy)
    port = f":{parts.port}" if parts.port else ""
    return f", through the proxy {parts.host}{port}"


def has_login(proxy: str) -> bool:
    """Whether a proxy's address says who asks."""
    return bool(proxy) and bool(parse_proxy(proxy).auth)


def _is_meant(item: str, origin: Origin) -> bool:
    """Whether an item of NO_PROXY is for an address: a name with all below it, a network, a port, or everything."""
    if item in {"", "*"}:
        return item == "*"
    name, port = _split(item.lower())
    if port and port != str(origin.port):
        return False
    address = _parse_address(origin.host)
    if address is not None:  # no name, whatever stands behind it: https://go.dev/issue/71984
        with suppress(ValueError):
            return address in ipaddress.ip_network(name, strict=False)
        return False
    name = name.lstrip("*").lstrip(".")
    return bool(name) and (origin.host == name or origin.host.endswith(f".{name}"))


def _split(item: str) -> tuple[str, str]:
    """An item without its port, and the port where it has one; IPv6 with a port has brackets, as in an address.

    https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
    """
    if item.startswith("["):
        name, _, rest = item[1:].partition("]")
        is_network = rest.startswith("/")
        return (name + rest, "") if is_network else (name, rest.removeprefix(":"))
    if item.count(":") > 1:
        return item, ""
    name, _, port = item.partition(":")
    return name, port


def _parse_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
