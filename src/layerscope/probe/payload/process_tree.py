"""Processes below one of ours: what they wait for, and how all of them are ended."""

import contextlib
import os
import signal
import time
from typing import Any, Dict, List

from layerscope.probe.payload.host_files import list_folder, read_text

MOST_THREADS = 64
SET_CHILD_SUBREAPER = 36
"""prctl(2): orphans become children of this process."""

ROUNDS = 5
"""Times that a tree is looked through for processes that were started while others were killed."""


def list_descendants(pid: int) -> List[int]:
    """All processes below one, parents first."""
    children: Dict[int, List[int]] = {}
    for name in list_folder("/proc"):
        if name.isdigit():
            fields = read_text(f"/proc/{name}/stat", 4096).rpartition(")")[2].split()
            if len(fields) > 1 and fields[1].isdigit():
                children.setdefault(int(fields[1]), []).append(int(name))
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def describe_waits(pid: int) -> List[Dict[str, Any]]:
    """Of each thread of a process and those below it: name, state, and what it waits for in the kernel."""
    found = []
    for process in [pid, *list_descendants(pid)]:
        for thread in list_folder(f"/proc/{process}/task"):
            place = f"/proc/{process}/task/{thread}/"
            state = read_text(place + "stat", 4096).rpartition(")")[2].split()
            found.append({
                "process": process,
                "thread": int(thread),
                "name": read_text(place + "comm", 64).strip(),
                "state": state[0] if state else "",
                "waits_for": read_text(place + "wchan", 128).strip("\0\n "),
            })  # fmt: skip
            if len(found) >= MOST_THREADS:
                return found
    return found


def adopt_orphans() -> None:
    """Become the parent of what children leave behind, so that it is found; without ctypes, the container ends it."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass


def end_descendants() -> None:
    """Kill everything below this process, and let the kernel forget it."""
    for _ in range(ROUNDS):
        below = list_descendants(os.getpid())
        for each in below:
            _send(each)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except OSError:
            return
        if below:
            time.sleep(0.02)


def kill_tree(pid: int) -> None:
    """Kill a process, its group and everything below it, also what was started meanwhile."""
    for _ in range(ROUNDS):
        below = list_descendants(pid)
        for each in [pid, *below]:
            _send(each)
        if not below:
            break
    with contextlib.suppress(OSError, AttributeError):
        os.killpg(pid, signal.SIGKILL)


def _send(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)
