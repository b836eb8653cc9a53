"""A server as a child of ours: its output line by line, the ports on which its processes listen, and what they do."""

import os
import signal
import time
from typing import Any, Dict, List, Optional, Set, Tuple

from layerscope.probe.payload.host_files import list_folder, read_fields, read_text
from layerscope.probe.payload.process_tree import kill_tree, list_descendants
from layerscope.probe.payload.server_log import describe_log
from layerscope.probe.payload.watched_server import Listener, WatchedServer, find_listeners, find_sockets

MAX_SOCKETS = 1 << 22
"""Bytes of /proc/net/tcp that are read: some 28,000 sockets."""


class ServerProcess(WatchedServer):
    """A running server; what it prints is passed on, and kept."""

    def __init__(self, argv: List[str], env: Dict[str, str], folder: str, hidden: str = "") -> None:
        """Start it as an engine would: nothing to read, and the image's own environment; raises OSError.

        What it prints of `hidden` is passed on and kept as `(key)`.
        """
        import subprocess
        import threading

        WatchedServer.__init__(self, hidden)
        self.process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(os.environ, **env), cwd=folder or None, start_new_session=True, bufsize=0,
        )  # fmt: skip
        self._readers = []
        for name, descriptor in (("stdout", 1), ("stderr", 2)):
            source = getattr(self.process, name).fileno()
            reader = threading.Thread(target=self._drain, args=(source, descriptor, name), daemon=True)
            reader.start()
            self._readers.append(reader)

    def _drain(self, source: int, target: int, name: str) -> None:
        while True:
            try:
                content = os.read(source, 1 << 16)
            except OSError:
                content = b""
            shown = self.take(name, content)
            if not content:
                break
            _write(target, shown)

    def poll(self) -> Optional[int]:
        """Its exit code, or a signal's number below zero; None while it runs."""
        code = self.process.poll()
        if code is not None:
            for reader in self._readers:
                reader.join(0.2)
        return code

    def list_processes(self) -> List[int]:
        """It and everything below it; and, where we adopt orphans, what it has left."""
        return [each for each in list_descendants(os.getpid()) if os.path.isdir(f"/proc/{each}")]

    def list_listeners(self) -> List[Listener]:
        """The ports on which its processes listen, in order; all of this network where nobody may look at them."""
        return find_listeners(_read_tables(), self._list_sockets())

    def _list_sockets(self) -> Optional[Set[str]]:
        """The sockets that its processes hold; None where nothing of theirs may be seen."""
        places = self._iter_open()
        return {place[8:-1] for place in places if place.startswith("socket:[")} if places else None

    def _iter_open(self) -> List[str]:
        return [place for process in self.list_processes() for place in _list_open(process)]

    def list_gpu_nodes(self) -> List[str]:
        """Device nodes of GPUs that its processes hold open."""
        return sorted({place for place in self._iter_open() if place.startswith(("/dev/nvidia", "/dev/dri/render"))})

    def measure(self) -> Dict[str, float]:
        """Seconds of processor time, and bytes read, of all its processes."""
        ticks = float(os.sysconf("SC_CLK_TCK"))
        told = {"cpu": 0.0, "read_bytes": 0.0}
        for process in self.list_processes():
            fields = read_text(f"/proc/{process}/stat", 4096).rpartition(")")[2].split()
            if len(fields) > 12:
                told["cpu"] += (int(fields[11]) + int(fields[12])) / ticks
            count = read_fields(f"/proc/{process}/io").get("read_bytes", "")
            told["read_bytes"] += int(count) if count.isdigit() else 0
        return told

    def describe_work(self, seconds: float = 0.3) -> Tuple[str, Dict[str, Any]]:
        """What it does, looked at for a moment: computing, reading or waiting, and the last line that it printed."""
        before, began = self.measure(), time.monotonic()
        time.sleep(seconds)
        after, passed = self.measure(), time.monotonic() - began
        busy = (after["cpu"] - before["cpu"]) / passed
        reading = (after["read_bytes"] - before["read_bytes"]) / passed
        wait = read_text(f"/proc/{self.process.pid}/wchan", 128).strip("\0\n ")
        if reading > 1 << 20:
            told = f"it reads {reading / (1 << 20):.0f} MiB a second"
        elif busy > 0.2:
            told = f"it computes on {busy:.1f} processors"
        else:
            told = "it waits" + (f" in {wait}" if wait not in {"", "0"} else "")
        line = self.last_line
        values = {
            "busy": round(busy, 2), "reads": int(reading), "waits_for": wait, "last_line": line[-400:],
            "cpu_seconds": round(after["cpu"], 2), "read_bytes": int(after["read_bytes"]),
            "processes": len(self.list_processes()),
        }  # fmt: skip
        return told + (f", and last printed: {line[-300:]}" if line else ", and has printed nothing"), values

    def describe_log(self, marks: List[str], seconds: float, port: int) -> Dict[str, Any]:
        """Where its log is, if not in what it prints: files that it writes, and what it was started with."""
        until, processes = time.monotonic() + seconds, self.list_processes()
        sockets = {f"socket:[{each}]" for each in find_sockets(_read_tables(), port)}
        speakers = {each for each in processes if sockets and not sockets.isdisjoint(_list_open(each))}
        return describe_log(processes, marks, until, speakers | {self.process.pid})

    def interrupt(self, seconds: float) -> None:
        """Ask it to end, as a terminal and as an engine do, and wait a moment for what it prints."""
        for number in (signal.SIGINT, signal.SIGTERM):
            for process in self.list_processes():
                try:
                    os.kill(process, number)
                except OSError:
                    continue
            if self.wait(seconds) is not None:
                return

    def kill(self) -> None:
        """End it and everything below it."""
        kill_tree(self.process.pid)


def _read_tables() -> List[str]:
    return [read_text("/proc/net/" + name, MAX_SOCKETS) for name in ("tcp", "tcp6")]


def _list_open(process: int) -> List[str]:
    """What a process holds open, as the kernel names it."""
    found, folder = [], f"/proc/{process}/fd"
    for name in list_folder(folder)[:4096]:
        try:
            found.append(os.readlink(f"{folder}/{name}"))
        except OSError:
            continue
    return found


def _write(target: int, content: bytes) -> None:
    try:
        while content:
            content = content[os.write(target, content) :]
    except OSError:  # nobody listens: what it printed is kept all the same
        pass
