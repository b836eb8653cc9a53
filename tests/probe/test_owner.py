"""Owners of what probes leave: who is there, and who is not."""

import os
import subprocess
import sys
import time
from pathlib import Path

from layerscope.probe.owner import is_alive, name_owner


def name_process(pid: int) -> str:
    """What that process would call itself."""
    boot = name_owner().partition(":")[0]
    return f"{boot}:{pid}:" + Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def test_this_process_is_alive_and_another_of_its_number_is_not() -> None:
    """Numbers come again; times of start do not."""
    assert is_alive(name_owner())
    assert not is_alive(f"{name_owner().rpartition(':')[0]}:1")


def test_of_another_host_nothing_is_known() -> None:
    """Its processes may well be there."""
    assert is_alive(f"another-boot:{os.getpid()}:1")


def test_a_process_that_has_ended_is_gone_though_nobody_asked_how() -> None:
    """Killed with its parent, it may stay in the list for as long as the container lives."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    owner = name_process(process.pid)
    assert is_alive(owner)
    process.kill()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not is_alive(owner)
    process.wait()
