"""What a person types to a package manager of the distribution."""

from collections.abc import Sequence
from typing import Final

SHOWN_PACKAGES: Final = 10
"""Packages named in one command."""

_REINSTALL: Final = {
    "dpkg": "apt-get update && apt-get install -y --reinstall {} && rm -rf /var/lib/apt/lists/*",
    "apk": "apk fix --no-cache {}",
    "rpm": "dnf reinstall -y {} && dnf clean all",
}
_REMOVE: Final = {"dpkg": "apt-get purge -y {}", "apk": "apk del {}", "rpm": "dnf remove -y {}"}


def reinstall_command(manager: str, packages: Sequence[str]) -> str:
    """What brings packages back as they were."""
    return _REINSTALL[manager].format(_name(packages))


def remove_command(manager: str, packages: Sequence[str]) -> str:
    """What removes packages with all that they brought."""
    return _REMOVE[manager].format(_name(packages))


def _name(packages: Sequence[str]) -> str:
    """The packages for a command line, the first of many."""
    return " ".join(packages[:SHOWN_PACKAGES]) + (" …" if len(packages) > SHOWN_PACKAGES else "")
