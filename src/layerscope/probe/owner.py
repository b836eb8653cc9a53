"""Owners: which process a container or a folder of a probe belongs to, so that what a killed one left is found."""

import os
from pathlib import Path
from typing import Final

_ENDED: Final = frozenset({"Z", "X"})
"""States of a process that has ended and that its parent has not asked about: some first processes never do."""


def name_owner() -> str:
    """This process, told apart from one that gets its number later, or has it on another host."""
    return f"{_read_boot()}:{os.getpid()}:{_read_start(os.getpid())}"


def is_alive(owner: str) -> bool:
    """Whether the owner may still be there: of another host's, or another boot's, nothing is known."""
    boot, _, rest = owner.partition(":")
    pid, _, start = rest.partition(":")
    return boot != _read_boot() or (pid.isdigit() and _read_start(int(pid)) == start)


def _read_boot() -> str:
    """What tells this running system from every other."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _read_start(pid: int) -> str:
    """When a process was started, in ticks since the host was; empty where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return "" if fields[0] in _ENDED else fields[19]
    except (OSError, IndexError):
        return ""
