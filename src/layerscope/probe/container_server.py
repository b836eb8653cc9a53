"""A server that is the first process of a container without Python: watched, and reached, through the engine alone."""

import secrets
import select
import shlex
import signal
import socket
import threading
import time
from contextlib import suppress
from typing import Any, Final

from layerscope.engine import containers
from layerscope.engine.attached import STDOUT, AttachedStreams
from layerscope.engine.client import Engine
from layerscope.engine.executions import measure_work, open_execution, read_output
from layerscope.errors import EngineError
from layerscope.probe.payload.http_client import CallError
from layerscope.probe.payload.server_log import (
    EMPTY,
    LOG_TAIL,
    TEXT,
    TOLD,
    find_log_settings,
    is_database,
    is_log_place,
    join_log,
)
from layerscope.probe.payload.serving import Serving
from layerscope.probe.payload.watched_server import Listener, WatchedServer, find_listeners

TICK: Final = 0.1
CHUNK: Final = 1 << 16
LOOK_SECONDS: Final = 10.0
WRITE_SECONDS: Final = 30.0
MAX_TABLE: Final = 4 << 20
"""Bytes of /proc/net/tcp and tcp6, and of what the processes hold open, that are read."""

_TABLES: Final = 'for each in tcp tcp6; do while read -r line; do echo "$line"; done <"/proc/net/$each"; done'
_OPEN: Final = 'for each in /proc/[0-9]*/fd/*; do readlink "$each"; done 2>/dev/null'
_LOG: Final = """
exec 2>/dev/null
mark=NONCE
cat /proc/[0-9]*/cmdline; echo "$mark$mark"
cat /proc/[0-9]*/environ; echo "$mark$mark"
while read -r name value; do
  case $name in SigBlk:|SigCgt:) echo "minded $value" ;; esac
done </proc/1/status
sockets=$(for each in tcp tcp6; do
  while read -r _ at _ state _ _ _ _ _ inode _; do
    case $at.$state in (*:PORT.0A) echo "socket:[$inode]" ;; esac
  done <"/proc/net/$each"
done)
listens() {
  for each in "$1"/fd/*; do
    open=$(readlink "$each") && [ "$open" ] && case $sockets in *"$open"*) return 0 ;; esac
  done
  return 1
}
for process in /proc/[0-9]*; do
  if [ "$(readlink "$process/fd/1")$(readlink "$process/fd/2")" = /dev/null/dev/null ]; then
    if [ "$process" = /proc/1 ] || listens "$process"; then echo "null $process"; fi
  fi
  for open in "$process"/fdinfo/*; do
    while read -r name value; do
      case $name$value in flags:*[12])
        path=$(readlink "$process/fd/${open##*/}") && [ -f "$path" ] || continue
        set -- "${path%/*}"/MANIFEST-*
        [ -e "$1" ] && [ -e "${path%/*}/CURRENT" ] && continue
        case $({ tail -c TAIL "$path" || head -c TAIL "$path" && echo; } | tr -c '\\000' t | tr '\\000' n) in
          *n*) ;;
          t*)
            if grep -qF MARKS "$path"; then echo "told $path"
            elif [ -s "$path" ]; then echo "text $path"
            else echo "open $path"; fi ;;
          *) echo "open $path" ;;
        esac ;;
      esac
    done <"$open"
  done
done
"""
"""What holds a log back, what of signals the first process minds, and the files that are written, one after the other.

What parts them stands in no command line, the own one included. Output that goes nowhere is told of the first process
and of what listens on the port alone. A file with a zero byte is no log, nor is one in the folder of a database; where
the image lacks what tells, no request is looked for in files.
"""

_CONTENTS: Final = {"open": EMPTY, "text": TEXT, "told": TOLD}
_GPU_NODES: Final = ("/dev/nvidia", "/dev/dri/render")


class ContainerServer(WatchedServer):
    """The server of a container that has been started; `relay` makes a connection there, see `probe_target.RELAYS`."""

    def __init__(
        self,
        engine: Engine,
        container: str,
        streams: AttachedStreams,
        *,
        shell: tuple[str, ...],
        relay: tuple[str, ...],
        hidden: str = "",
    ) -> None:
        """Watch it; `streams` are its output."""
        WatchedServer.__init__(self, hidden)
        self._engine, self._container, self._streams = engine, container, streams
        self._shell, self._relay = shell, relay
        self._minded: int | None = None
        """A bit of each signal that the first process handles or waits for; None where that is not known."""
        threading.Thread(target=self._drain, name="server-output", daemon=True).start()

    def _drain(self) -> None:
        while not self._streams.is_over:
            try:
                frames = self._streams.receive(TICK)
            except (OSError, ValueError):  # closed, since the probe is over
                return
            for stream, content in frames:
                self.take("stdout" if stream == STDOUT else "stderr", content)
        for name in ("stdout", "stderr"):
            self.take(name, b"")

    def poll(self) -> int | None:
        """Its exit code as the engine tells it, 128 and more for a signal; None while it runs."""
        if not self._streams.is_over:
            return None
        try:
            state = containers.inspect_state(self._engine, self._container)
        except EngineError:
            return None
        return None if state.is_running else state.exit_code

    def list_listeners(self) -> list[Listener]:
        """Every port of the container's own network on which something listens."""
        lines = self._run(_TABLES).splitlines()
        return find_listeners(["\n".join(("", *lines))])

    def list_gpu_nodes(self) -> list[str]:
        """Those that its processes hold open; none is seen where the image has no readlink."""
        return sorted({line for line in self._run(_OPEN).splitlines() if line.startswith(_GPU_NODES)})

    def _run(self, script: str, seconds: float = LOOK_SECONDS) -> str:
        command = (*self._shell, "-c", script)
        try:
            content = read_output(self._engine, self._container, command, seconds=seconds, limit=MAX_TABLE)
        except EngineError:  # it has ended, which is told by its exit code
            return ""
        return content.decode("utf-8", "replace")

    def describe_work(self) -> tuple[str, dict[str, Any]]:
        """Computing, reading or waiting, by the engine's own count, and the last line that it printed."""
        line = self.last_line
        values: dict[str, Any] = {"last_line": line[-400:]}
        told = "what it does is not told by the engine"
        with suppress(EngineError):
            before, began = measure_work(self._engine, self._container), time.monotonic()
            time.sleep(0.5)
            after, passed = measure_work(self._engine, self._container), time.monotonic() - began
            busy, reads = (after[0] - before[0]) / passed, (after[1] - before[1]) / passed
            values.update(busy=round(busy, 2), reads=int(reads), cpu_seconds=round(after[0], 2), read_bytes=after[1])
            if reads > 1 << 20:
                told = f"it reads {reads / (1 << 20):.0f} MiB a second"
            else:
                told = f"it computes on {busy:.1f} processors" if busy > 0.2 else "it waits"  # noqa: PLR2004
        return told + (f", and last printed: {line[-300:]}" if line else ", and has printed nothing"), values

    def describe_log(self, marks: list[str], seconds: float, port: int) -> dict[str, Any]:
        """Where its log is, as far as programs of the image tell: readlink and grep for files, cat for how it began."""
        wanted, nonce = " ".join(f"-e {shlex.quote(mark)}" for mark in marks if mark), secrets.token_hex(8)
        script = _LOG.replace("NONCE", nonce).replace("TAIL", str(LOG_TAIL)).replace("PORT", f"{port:04X}")
        script = script.replace("MARKS", wanted)
        words, variables, lines = (*self._run(script, seconds).split(2 * nonce + "\n"), "", "", "")[:3]
        files: dict[str, int] = {}
        is_discarded = False
        for line in lines.splitlines():
            word, _, path = line.partition(" ")
            is_discarded = is_discarded or word == "null"
            if word == "minded":
                self._minded = (self._minded or 0) | read_mask(path)
            elif word in _CONTENTS and not is_database(path) and (word == "told" or is_log_place(path)):
                files[path] = max(files.get(path, EMPTY), _CONTENTS[word])
        settings = find_log_settings(words.split("\0"), variables.split("\0"))
        return join_log(files, settings, is_discarded=is_discarded)

    def interrupt(self, seconds: float) -> None:
        """Ask it to end, and wait a moment for what it prints; signals that it does not mind are not sent."""
        for number in (signal.SIGINT, signal.SIGTERM):
            if self._minded is not None and not self._minded >> (number - 1) & 1:
                continue
            with suppress(EngineError):
                containers.kill(self._engine, self._container, number.name[3:])
            if self.wait(seconds) is not None:
                return

    def dial(self, host: str, port: int, seconds: float) -> socket.socket:
        """A connection to a port inside the container, made by a program of the image; raises OSError."""
        try:
            streams = open_execution(self._engine, self._container, (*self._relay, host, str(port)))
        except EngineError as error:
            raise ConnectionError(str(error)) from error
        near, far = socket.socketpair()
        near.settimeout(seconds)
        threading.Thread(target=_pass_on, args=(streams, far), name="relay", daemon=True).start()
        return near


def read_mask(text: str) -> int:
    """A set of signals as /proc tells it; all of them where it cannot be read."""
    try:
        return int(text, 16)
    except ValueError:
        return -1


def _pass_on(streams: AttachedStreams, far: socket.socket) -> None:
    """What is written to the one end comes out of the other, until either is closed."""
    with streams, far, suppress(OSError, ValueError):
        while not streams.is_over:
            ready = select.select([streams.fileno(), far.fileno()], [], [])[0]
            if far.fileno() in ready:
                content = far.recv(CHUNK)
                if not content or not streams.write(content, seconds=WRITE_SECONDS):
                    return
            if streams.fileno() in ready:
                for stream, content in streams.receive(0):
                    if stream == STDOUT:
                        far.sendall(content)


class ContainerServing(Serving):
    """The stages of a server in a container that has been started."""

    def __init__(self, settings: dict[str, Any], server: ContainerServer) -> None:
        """Ask that one."""
        self._container_server = server
        Serving.__init__(self, settings)

    def start(self) -> WatchedServer:
        """It was started with its container."""
        return self._container_server

    def dial(self, host: str, port: int, seconds: float) -> socket.socket:
        """Into the container."""
        return self._container_server.dial(host, port, seconds)

    def reach(self, listener: Listener) -> bool:
        """Whether something answers, or at least keeps the connection; that one was made is not told otherwise."""
        for host in dict.fromkeys((listener.host, "::1")):
            try:
                self.make_client(host, listener.port).ask("GET", "/", seconds=2.0)
            except CallError as error:
                if error.kind in {"cut", "refused", "unreachable"}:
                    continue
            listener.host = host
            return True
        return False
