"""The schemes of IMAGE: what stands before the colon, by its own name and by those that other programs have for it."""

import re
from collections.abc import Mapping
from typing import Final, Literal

SCHEMES: Final = ("docker:", "podman:", "registry:", "oci-dir:", "oci-archive:", "docker-archive:", "container:")

CONTAINERS: Final[Mapping[str, tuple[Literal["docker", "podman"], ...]]] = {
    "container": ("docker", "podman"), "docker-container": ("docker",), "podman-container": ("podman",),
}  # fmt: skip
"""The engines that are asked for a container, by the scheme that names one."""

NAMED: Final = frozenset({"docker", "podman", "registry", *CONTAINERS})
"""Schemes of what has a name, not a path."""

_ALIASES: Final = {
    scheme.rstrip(":") + slashes: scheme.rstrip(":") for scheme in (*SCHEMES, *CONTAINERS) for slashes in ("", "://")
} | {
    "oci": "oci-dir",
    "docker-daemon": "docker",
    "docker://": "registry",
    "local://": "docker",
    "archive://": "archive",
}
"""Every scheme, also as a URL; skopeo's `oci:`, `docker-daemon:` and `docker://`; scout's `local://` and `archive://`."""

SCHEME: Final = re.compile(r"([a-z][a-z0-9+-]*)(?::(?!//)|(://))")
"""What may be a scheme, known or not: its name, and its slashes if it has some."""


def split_scheme(text: str) -> tuple[str, str]:
    """The scheme of IMAGE by its own name, empty where there is none, and what follows it."""
    match = SCHEME.match(text)
    scheme = _ALIASES.get(match[1] + (match[2] or "")) if match else None
    return (scheme, text[match.end() :]) if match and scheme else ("", text)
