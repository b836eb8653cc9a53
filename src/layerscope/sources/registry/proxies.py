"""The proxy for an address, as the environment has it: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY in either case."""

import ipaddress
from collections.abc import Mapping

from layerscope.sources.registry.endpoint import is_loopback
from layerscope.sources.registry.origin import Origin


def find_proxy(origin: Origin, environment: Mapping[str, str]) -> str:
    """The address of the proxy, or nothing: this host itself is reached without one."""

    def find(name: str) -> str:
        return environment.get(name) or environment.get(name.upper()) or ""

    if is_loopback(origin.host) or any(_is_meant(item.strip(), origin) for item in find("no_proxy").split(",")):
        return ""
    return find(f"{origin.scheme}_proxy") or find("all_proxy")


def _is_meant(item: str, origin: Origin) -> bool:
    """Whether an item of NO_PROXY is for an address: a name with all below it, a network, a port, or everything."""
    if item in {"", "*"}:
        return item == "*"
    name, _, port = item.lower().lstrip("*").lstrip(".").partition(":")
    if port and port != str(origin.port):
        return False
    try:
        return ipaddress.ip_address(origin.host) in ipaddress.ip_network(item, strict=False)
    except ValueError:
        return origin.host == name or origin.host.endswith(f".{name}")
