"""Child: one process that works for the keeper, and what is left of it: its records, its output, its end."""

import os
import signal
import time
from typing import Any, Callable, Dict, List, Optional

from layerscope.probe.payload.process_tree import kill_tree
from layerscope.probe.payload.records import MAX_RECORD

BOOT = (
    "import sys\n"
    "source = sys.stdin.buffer.read(int(sys.stdin.buffer.readline()))\n"
    "program = compile(source, '<layerscope>', 'exec')\n"
    "exec(program, {'__name__': '__main__', 'PROGRAM': program})\n"
)
"""How a process gets its program: by standard input, since nothing can be written to a read-only root."""

CHILD_BOOT = (
    "import marshal, sys\n"
    "program = marshal.loads(sys.stdin.buffer.read(int(sys.stdin.buffer.readline())))\n"
    "exec(program, {'__name__': '__main__', 'PROGRAM': program})\n"
)
"""The same for a process of the same Python, which need not compile it again."""

CHUNK = 1 << 16
MAX_STACKS = 1 << 16
"""Bytes of stack dumps that are kept."""

MAX_OUTPUT = 1 << 18
"""Bytes of each of a child's output streams that are passed on; of what follows, the end."""

TAIL = 1 << 14

STEP, QUIET_STEPS = 0.02, 3
"""Seconds of a step while stacks are awaited, and steps without a byte after which they are whole."""


class Child:
    """A process whose streams are read as they come; `on_record` is given each line of its records."""

    def __init__(
        self, command: List[str], make_input: Callable[[int, int], bytes], on_record: Callable[[bytes], None]
    ) -> None:
        """Start it; `make_input` is given the descriptors for records and stacks, and makes its standard input."""
        import selectors
        import subprocess

        records, record_end = os.pipe()
        stacks, stack_end = os.pipe()
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                pass_fds=(record_end, stack_end), start_new_session=True, bufsize=0,
            )  # fmt: skip
        finally:
            os.close(record_end)
            os.close(stack_end)
        self.output: Dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
        self.omitted = {"stdout": 0, "stderr": 0}
        self.stacks = bytearray()
        self.last_line = ""
        self._given, self._on_record, self._partial = memoryview(make_input(record_end, stack_end)), on_record, b""
        self._ready = selectors.DefaultSelector()
        self._watch(records, "records")
        self._watch(stacks, "stacks")
        for name in ("stdout", "stderr"):
            self._watch(getattr(self.process, name).fileno(), name)
        stdin = self.process.stdin
        assert stdin is not None, "asked for above"
        os.set_blocking(stdin.fileno(), False)
        self._ready.register(stdin.fileno(), selectors.EVENT_WRITE, "stdin")

    def _watch(self, descriptor: int, name: str) -> None:
        import selectors

        os.set_blocking(descriptor, False)
        self._ready.register(descriptor, selectors.EVENT_READ, name)

    def step(self, seconds: float) -> bool:
        """Wait that long for something to happen, and take it; False once every stream has ended."""
        for key, _ in self._ready.select(seconds):
            if key.data == "stdin":
                self._give(key.fd)
            else:
                self._take(key.fd, key.data)
        return bool(self._ready.get_map())

    def _give(self, descriptor: int) -> None:
        try:
            self._given = self._given[os.write(descriptor, self._given[:CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:  # it has gone, or reads no more
            self._given = memoryview(b"")
        if not self._given:
            self._ready.unregister(descriptor)
            assert self.process.stdin is not None, "asked for at the start"
            self.process.stdin.close()

    def _take(self, descriptor: int, name: str) -> None:
        try:
            content = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            content = b""
        if not content:
            self._ready.unregister(descriptor)
            if name in {"records", "stacks"}:
                os.close(descriptor)
        elif name == "records":
            self._take_records(content)
        elif name == "stacks":
            self.stacks += content[: MAX_STACKS - len(self.stacks)]
        else:
            self._take_output(name, content)

    def _take_records(self, content: bytes) -> None:
        lines = (self._partial + content).split(b"\n")
        self._partial = lines.pop()[: 2 * MAX_RECORD]
        for line in lines:
            self._on_record(line)

    def _take_output(self, name: str, content: bytes) -> None:
        line = content.decode("utf-8", "replace").replace("\r", "\n").strip().rpartition("\n")[2].strip()
        self.last_line = line[-400:] or self.last_line
        kept = self.output[name]
        kept += content
        if len(kept) > MAX_OUTPUT + 2 * TAIL:
            self.omitted[name] += len(kept) - MAX_OUTPUT - TAIL
            del kept[MAX_OUTPUT:-TAIL]

    def ask_for_stacks(self, seconds: float) -> str:
        """The stacks of its threads, which it writes at a signal even while it computes; empty where it cannot."""
        self.stacks = bytearray()
        try:
            self.process.send_signal(signal.SIGUSR1)
        except OSError:
            return ""
        deadline, size, quiet = time.monotonic() + seconds, 0, 0
        while time.monotonic() < deadline and quiet < QUIET_STEPS and self.step(STEP):
            quiet = quiet + 1 if self.stacks and len(self.stacks) == size else 0
            size = len(self.stacks)
        return self.stacks.decode("utf-8", "replace")

    def kill(self) -> None:
        """End it and everything below it."""
        kill_tree(self.process.pid)

    def wait(self, seconds: float) -> Optional[int]:
        """How it ended: its exit code, or a signal's number below zero; None while it runs."""
        import subprocess

        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def close(self) -> None:
        """Close every stream that is still open."""
        for key in list(self._ready.get_map().values()):
            self._ready.unregister(key.fileobj)
            if key.data in {"records", "stacks"}:
                os.close(key.fd)
        self._ready.close()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def describe_end(code: Optional[int]) -> Dict[str, Any]:
    """An end in words."""
    if code is None:
        return {"code": None, "signal": None}
    if code >= 0:
        return {"code": code, "signal": None}
    try:
        return {"code": None, "signal": signal.Signals(-code).name}
    except ValueError:
        return {"code": None, "signal": f"signal {-code}"}
