"""A server that runs: what it prints line by line, and how it ended; who started it knows where it listens."""

import time
from typing import Any, Dict, List, Optional, Set, Tuple

from layerscope.probe.payload.child import describe_end

MAX_LINES = 4000
MAX_LINE_TEXT = 2000
LISTEN = "0A"
"""The state of a listening socket in /proc/net/tcp."""


class Listener:
    """A port on which something listens; `host` is where to reach it from here."""

    def __init__(self, host: str, port: int, *, is_loopback: bool) -> None:
        """Keep them."""
        self.host, self.port, self.is_loopback = host, port, is_loopback


class WatchedServer:
    """What is seen of a server, wherever it runs."""

    def __init__(self, hidden: str = "") -> None:
        """Nothing has been printed yet; `hidden` is passed on and kept as `(key)`."""
        self._hidden = hidden.encode("utf-8")
        self._partial: Dict[str, bytes] = {}
        self.lines: List[Tuple[float, str, str]] = []
        """Time, stream and text."""

    def take(self, name: str, content: bytes) -> bytes:
        """Keep the lines of what came on a stream; nothing ends a line that was begun. Returns what may be shown."""
        if not content:
            self._keep(name, self._partial.pop(name, b""))
            return content
        if self._hidden:
            content = content.replace(self._hidden, b"(key)")
        lines = (self._partial.get(name, b"") + content).replace(b"\r", b"\n").split(b"\n")
        self._partial[name] = lines.pop()[-MAX_LINE_TEXT:]
        for line in lines:
            self._keep(name, line)
        return content

    def _keep(self, name: str, line: bytes) -> None:
        text = _clean(line[-MAX_LINE_TEXT:])
        if text:
            self.lines.append((time.monotonic(), name, text))
            del self.lines[: -MAX_LINES or None]

    @property
    def last_line(self) -> str:
        """The last line that it printed, be it whole or not: a bar of progress ends none."""
        begun = [_clean(part) for part in list(self._partial.values()) if _clean(part)]
        return begun[-1] if begun else self.lines[-1][2] if self.lines else ""

    def list_texts(self, since: float = 0.0) -> List[str]:
        """What it has printed since then."""
        return [text for at, _, text in list(self.lines) if at >= since]

    def poll(self) -> Optional[int]:
        """Its exit code, or a signal's number below zero; None while it runs."""
        raise NotImplementedError

    def wait(self, seconds: float) -> Optional[int]:
        """Wait that long for its end."""
        deadline = time.monotonic() + seconds
        while self.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.poll()

    def tell_end(self, code: int) -> str:
        """How it ended, in words."""
        told = describe_end(code)
        how = "by {}".format(told["signal"]) if told["signal"] else "with exit code {}".format(told["code"])
        line = self.last_line
        return f"the server ended {how}" + (f"; the last line that it printed: {line[-400:]}" if line else "")

    def list_listeners(self) -> List[Listener]:
        """The ports on which it listens, in order."""
        raise NotImplementedError

    def list_gpu_nodes(self) -> List[str]:
        """Device nodes of GPUs that its processes hold open."""
        raise NotImplementedError

    def describe_work(self) -> Tuple[str, Dict[str, Any]]:
        """What it does, looked at for a moment, and the last line that it printed."""
        raise NotImplementedError

    def describe_log(self, marks: List[str], seconds: float, port: int) -> Dict[str, Any]:
        """Where its log is, if not in what it prints, as far as that time allows to look.

        `marks` are what a line of a request would have; who listens on the port is the server, besides what was
        started first.
        """
        raise NotImplementedError

    def interrupt(self, seconds: float) -> None:
        """Ask it to end, as a terminal and as an engine do, and wait a moment for what it prints."""
        raise NotImplementedError


def _clean(line: bytes) -> str:
    return line.decode("utf-8", "replace").strip()


def find_listeners(tables: List[str], ours: Optional[Set[str]] = None) -> List[Listener]:
    """The ports of /proc/net/tcp and tcp6 on which something listens, by number; of these sockets alone, if given."""
    found = []
    for table in tables:
        for line in table.splitlines()[1:]:
            fields = line.split()
            if len(fields) > 9 and fields[3] == LISTEN and (ours is None or fields[9] in ours):
                listener = parse_listener(fields[1])
                if listener is not None:
                    found.append(listener)
    return sorted(found, key=lambda each: (each.port, each.is_loopback))


def find_sockets(tables: List[str], port: int) -> Set[str]:
    """The sockets that listen on a port, as /proc/net/tcp and tcp6 number them."""
    rows = (line.split() for table in tables for line in table.splitlines()[1:])
    return {row[9] for row in rows if len(row) > 9 and row[3] == LISTEN and row[1].endswith(f":{port:04X}")}


def parse_listener(text: str) -> Optional[Listener]:
    """An address of /proc/net/tcp or tcp6, each of its words in the processor's own order of bytes."""
    address, _, port = text.partition(":")
    try:
        words = [bytes.fromhex(address[place : place + 8])[::-1] for place in range(0, len(address), 8)]
        number = int(port, 16)
    except ValueError:
        return None
    whole = b"".join(words)
    if len(whole) == 16 and whole[:12] == b"\0" * 10 + b"\xff\xff":
        whole = whole[12:]
    if len(whole) == 4:
        is_loopback = whole[0] == 127
        host = "127.0.0.1" if is_loopback or not any(whole) else ".".join(str(each) for each in whole)
        return Listener(host, number, is_loopback=is_loopback)
    is_loopback = whole == b"\0" * 15 + b"\1"
    if is_loopback or not any(whole):
        return Listener("::1" if is_loopback else "127.0.0.1", number, is_loopback=is_loopback)
    return Listener(":".join(whole[place : place + 2].hex() for place in range(0, 16, 2)), number, is_loopback=False)
