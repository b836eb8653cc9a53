"""Which addresses a registry may send us to: no server chooses an address inside this network for us.

A registry names further places: where tokens are had, where blobs lie. Each is connected to only if it is public, or if
the registry itself is in as private a place. The address is looked at when the connection stands, so that a name which
resolves to something else a moment later gains nothing (google/go-containerregistry issue 2440).
"""

import ipaddress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from layerscope.errors import TransferError
from layerscope.sources.registry.origin import Origin

_NEVER: Final = tuple(
    map(
        ipaddress.ip_network,
        ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32", "168.63.129.16/32"),
    )
)
"""Link-local, and where clouds (AWS, Alibaba, Azure) tell credentials besides."""

_IPV4_INSIDE: Final = tuple(
    map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96", "::ffff:0:0/96"))
)
"""IPv6 networks whose last 32 bits are an IPv4 address: NAT64 (RFC 6052, 8215), compatible, SIIT, mapped."""


class Reach(IntEnum):
    """How far an address reaches; a higher one is more private."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    FORBIDDEN = 3
    """Link-local, multicast, and the metadata of clouds: no registry is there."""


class ForbiddenAddressError(TransferError):
    """A registry led to an address that it has no business with."""


def judge_address(address: str) -> Reach:
    """How far an IP address reaches; an IPv4 address inside an IPv6 one is judged as itself."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and not (ip.is_loopback or ip.is_unspecified):
        if any(ip in network for network in _IPV4_INSIDE):
            return judge_address(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip.sixtofour is not None:
            return judge_address(str(ip.sixtofour))
    if ip.is_multicast or any(ip in network for network in _NEVER if network.version == ip.version):
        return Reach.FORBIDDEN
    if ip.is_loopback or ip.is_unspecified:
        return Reach.LOOPBACK
    if isinstance(ip, ipaddress.IPv6Address) and (ip.is_site_local or ip.teredo is not None):
        return Reach.PRIVATE
    return Reach.PUBLIC if ip.is_global else Reach.PRIVATE


@dataclass
class AddressCheck:
    """Allows the registry where it was when it was first reached, what is as private as it, and what is public."""

    home: Origin
    _reach: Reach | None = field(default=None, init=False)

    def check(self, host: str, port: int, address: str) -> None:
        """Raise ForbiddenAddressError for a connection that the registry may not lead to."""
        reach, is_home = judge_address(address), (host, port) == (self.home.host, self.home.port)
        if is_home and self._reach is None and (reach is not Reach.FORBIDDEN or host == address):
            self._reach = reach  # the person named it
        allowed = {Reach.PUBLIC, Reach.PUBLIC if self._reach is None else self._reach}
        if reach in allowed and (reach is not Reach.FORBIDDEN or is_home):
            return
        raise ForbiddenAddressError(
            f"{self.home.host} leads to {host} ({address}), a {reach.name.lower()} address, "
            "which only a registry there may name"
        )
