"""Where a registry answers."""

import ipaddress
from dataclasses import dataclass
from typing import Final

from layerscope.image.reference import DEFAULT_REGISTRY

DOCKER_HUB: Final = "registry-1.docker.io"
"""What the name docker.io stands for: https://github.com/moby/moby/blob/v26.1.5/registry/config.go"""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Scheme, and host with its port where it has one."""

    scheme: str
    host: str

    @classmethod
    def of(cls, registry: str, *, insecure: bool = False) -> "Endpoint":
        """Where the registry of a reference answers: by TLS, but for loopback, as engines do it, or where told so."""
        host = DOCKER_HUB if registry == DEFAULT_REGISTRY else registry.lower()
        return cls("http" if insecure or is_loopback(host) else "https", host)

    @property
    def url(self) -> str:
        """Scheme and host."""
        return f"{self.scheme}://{self.host}"

    def __str__(self) -> str:
        return self.url


def is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, is this one by its very name."""
    name = split_port(host)
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def split_port(host: str) -> str:
    """A host without its port, and an IPv6 address without its brackets; one that has none has no port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host if host.count(":") > 1 else host.partition(":")[0]
