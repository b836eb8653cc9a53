"""Processes that live in a bundle: found by the root of their mounts, and ended before their folder is removed."""

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

END_SECONDS: Final = 10.0
"""Given to all of them together: a process that the kernel writes a core or frees much memory for takes a while."""

_ROOT, _POINT = 3, 4
"""Fields of a row of mountinfo; see proc_pid_mountinfo(5)."""
_MOST: Final = 1 << 20
"""Bytes of a mountinfo that are read: the root is among the first mounts."""


def end_processes(folder: Path) -> bool:
    """Kill whatever has its root in that bundle, as far as this user may, and wait for its end; False if some remain.

    With the first process of a namespace the kernel ends all others of it.
    """
    ends: list[int] = []
    try:
        for process in _list_processes():
            with suppress(OSError):
                _kill(process, folder, ends)
        return _await_all(ends)
    finally:
        for descriptor in ends:
            os.close(descriptor)


def lives_in(process: int, folder: Path) -> bool:
    """Whether the root of a process lies in the folder, whose name no other has; not where a host merely mounts it."""
    try:
        with Path(f"/proc/{process}/mountinfo").open(encoding="utf-8", errors="surrogateescape") as stream:
            rows = [line.split(" ") for line in stream.read(_MOST).splitlines()]
    except OSError:
        return False
    roots = [row[_ROOT] for row in rows if len(row) > _POINT and row[_POINT] == "/"]
    return any(folder.name in root.split("/") for root in roots)


def _list_processes() -> Iterator[int]:
    with os.scandir("/proc") as entries:
        yield from sorted(int(entry.name) for entry in entries if entry.name.isdigit())


def _kill(process: int, folder: Path, ends: list[int]) -> None:
    """Kill one that lives there; the descriptor is of the process that was looked at, whatever gets its number."""
    if not lives_in(process, folder):
        return
    descriptor = os.pidfd_open(process)
    ends.append(descriptor)
    if lives_in(process, folder):
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)


def _await_all(ends: list[int]) -> bool:
    deadline = time.monotonic() + END_SECONDS
    for descriptor in ends:
        waiter = select.poll()
        waiter.register(descriptor, select.POLLIN)
        if not waiter.poll(max(0.0, deadline - time.monotonic()) * 1000):
            return False
    return True
