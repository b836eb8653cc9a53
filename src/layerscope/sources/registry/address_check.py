"""Which addresses a registry may send us to: no server chooses an address inside this network for us.

A registry names further places: where tokens are had, where blobs lie. Each is connected to only if it is public, or if
the registry itself is in as private a place. The address is looked at when the connection stands, so that a name which
resolves to something else a moment later gains nothing (google/go-containerregistry issue 2440).
"""

import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from layerscope.errors import TransferError
from layerscope.sources.registry.origin import Origin

_NEVER: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "169.254.0.0/16",
            "fe80::/10",
            "fd00:ec2::/32",
            "fd20:ce::254/128",
            "100.100.100.200/32",
            "168.63.129.16/32",
            "192.0.0.192/32",
            "fd00:c1::a9fe:a9fe/128",
            "fd00:42::42/128",
            "fd00:a9fe:a9fe::1/128",
        ),
    )
)
"""Link-local, and where clouds tell credentials besides: AWS (instances at fd00:ec2::254, EKS pods at fd00:ec2::23,
https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html), Google, Alibaba, Azure, Oracle (two),
Scaleway (https://docs.cloud-init.io/en/latest/reference/datasources/scaleway.html), Linode."""

_NOT_GLOBAL: Final = ipaddress.ip_network("192.0.0.0/24")
"""IETF protocol assignments (RFC 6890): Python calls them global up to 3.12.3 and 3.11.9, but for a few."""

_IPV4_INSIDE: Final = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96", "::ffff:0:0/96")))
"""IPv6 networks whose last 32 bits are an IPv4 address: NAT64 (RFC 6052), compatible, SIIT, mapped."""

_LOCAL_NAT64: Final = ipaddress.ip_network("64:ff9b:1::/48")
"""Translators of a network's own (RFC 8215), which may lead to private addresses."""
_TRANSLATED: Final = ((6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12), (12, 13, 14, 15))
"""Where an IPv4 address may lie in one of those, by the length of the prefix: 48, 56, 64, 96 (RFC 6052, 2.2)."""


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
    if isinstance(ip, ipaddress.IPv6Address) and ip in _LOCAL_NAT64:
        found = (ipaddress.IPv4Address(bytes(ip.packed[at] for at in places)) for places in _TRANSLATED)
        inside = {judge_address(str(address)) for address in found}
        return Reach.FORBIDDEN if Reach.FORBIDDEN in inside else Reach.PRIVATE
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
    return Reach.PUBLIC if ip.is_global and ip not in _NOT_GLOBAL else Reach.PRIVATE


def find_literal(host: str) -> str | None:
    """The IP address that a host is by its spelling, an old one (a number, octal, hexadecimal) too; None for a name."""
    bare = host.partition("%")[0].rstrip(".")
    with suppress(ValueError):
        return str(ipaddress.ip_address(bare))
    with suppress(OSError):
        return socket.inet_ntoa(socket.inet_aton(bare))
    return None


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
