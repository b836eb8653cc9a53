"""Keeper: the process that stands between the host and the work, so that a hang or a crash is told and not shared.

It alone writes to standard output, each line tagged with a word that the host chose, and imports nothing of the image.
"""

import json
import marshal
import os
import select
import sys
import time
from types import CodeType
from typing import Any, Callable, Dict, List, Optional

from layerscope.probe.payload.batch import describe_attempt, search_batch
from layerscope.probe.payload.child import CHILD_BOOT, Child, describe_end
from layerscope.probe.payload.process_tree import adopt_orphans, describe_waits, end_descendants
from layerscope.probe.payload.records import Recorder, encode_record, shorten
from layerscope.probe.payload.scratch import make_scratch, remove_folder
from layerscope.probe.payload.stages import Stage, run_stages
from layerscope.probe.payload.visibility import find_markers

PROTOCOL = 1
TAG = "@@LS@@"
TICK = 0.05
STACK_SECONDS = 0.4
"""How long a hanging process is given to write its stacks."""

LINGER = 0.3
"""Seconds for which the streams of a process that has ended are read."""

LOG_PIECE = 16_000

FOREIGN = frozenset({"serving"})
"""Roles that wait for a program of the image: where that waits is asked, and not where we do."""


class Keeper:
    """Runs children, one role after the other, and reports to the host."""

    def __init__(self, program: CodeType, settings: Dict[str, Any], blobs: List[bytes], output: int) -> None:
        """Work by `settings`; `blobs` are what children need beside them."""
        self._program, self._blobs, self._output = marshal.dumps(program), blobs, output
        self._host = select.poll()
        self._host.register(output, 0)  # no event but that nobody reads any more
        self._scratch = make_scratch(settings["nonce"])
        self._settings = dict(settings, scratch=self._scratch)
        self._tag = ("{}{} ".format(TAG, settings["nonce"])).encode("ascii")
        self._stage = self._role = ""
        self._began = 0.0
        self._is_late = self._is_armed = False
        self._child: Optional[Child] = None

    def run(self) -> None:
        """All roles that are asked for; whatever ends this process ends its children."""
        adopt_orphans()
        try:
            self._tell(
                "hello", protocol=PROTOCOL, python=sys.version.split()[0], executable=sys.executable,
                asked=self._settings.get("asked", []), about=self._settings.get("about", ""),
            )  # fmt: skip
            for role in self._settings["roles"]:
                if role == "visibility":
                    self._check_visibility()
                elif role == "batch":
                    self._search_batch()
                else:
                    self._run_role(role)
            self._tell("bye")
        finally:
            if self._child is not None:
                self._child.kill()
            end_descendants()
            remove_folder(self._scratch)

    def _tell(self, record: str, **values: Any) -> None:
        self._pass_on(encode_record(record, values).rstrip(b"\n"))

    def _pass_on(self, line: bytes) -> None:
        whole = self._tag + line + b"\n"
        while whole:
            whole = whole[os.write(self._output, whole) :]

    def _start(self, role: str, flags: List[str], take: Optional[Callable[[bytes], None]] = None, **more: Any) -> Child:
        def make_input(records: int, stacks: int) -> bytes:
            settings = dict(self._settings, role=role, records=records, stacks=stacks, **more)
            settings["blobs"] = [len(blob) for blob in self._blobs]
            told = json.dumps(settings, sort_keys=True).encode("ascii")
            return b"%d\n%s%s\n%s" % (len(self._program), self._program, told, b"".join(self._blobs))

        self._child = Child([sys.executable, *flags, "-c", CHILD_BOOT], make_input, take or self._take_record)
        return self._child

    def _enter(self, stage: str) -> None:
        """Begin to count the time of a stage."""
        self._stage, self._began, self._is_late = stage, time.monotonic(), False

    def _follow(self, child: Child) -> bool:
        """Take what a child says until it ends; returns whether it had to be ended.

        What it has started and left behind may hold its streams open: that is not waited for.
        """
        ended = 0.0
        while child.step(TICK):
            if self._host.poll(0):
                raise SystemExit("the host has gone")
            if self._is_overdue(child):
                child.kill()
                return True
            if child.wait(0) is not None:
                ended = ended or time.monotonic()
                if time.monotonic() - ended > LINGER:
                    break
        return False

    def _take_record(self, line: bytes) -> None:
        """Note where the child is, and pass on what it says."""
        try:
            record = json.loads(line.decode("ascii"))
        except ValueError:
            return
        if not isinstance(record, dict):
            return
        if record.get("record") == "begin":
            self._enter(str(record.get("stage")))
            self._is_armed = True
        elif record.get("record") == "end":
            self._stage = ""
        self._pass_on(line)

    def _run_role(self, role: str) -> None:
        self._enter("start")
        self._is_armed = False
        self._role = role
        flags = self._settings.get("role_flags", {}).get(role, self._settings.get("flags", ()))
        child = self._start(role, list(flags))
        is_cut = self._follow(child)
        code = child.wait(1.0)
        child.step(0)
        self._tell_logs(role, child)
        stacks = child.stacks.decode("utf-8", "replace") if code and not is_cut else ""  # what faulthandler wrote
        self._tell(
            "exit", role=role, stage=self._stage, was_cut=is_cut, last_line=child.last_line,
            stacks=shorten(stacks, 12_000), **describe_end(code),
        )  # fmt: skip
        child.kill()
        child.close()
        end_descendants()

    def _is_overdue(self, child: Child) -> bool:
        """Whether a stage has reached its hard deadline; at the soft one, what it waits for is told."""
        soft, hard = self._settings["deadlines"].get(self._stage, self._settings["deadlines"]["default"])
        passed = time.monotonic() - self._began
        if not self._stage or passed < soft:
            return False
        if not self._is_late and passed < hard:
            self._is_late = True
            self._tell_wait("slow", child, passed)
        if time.monotonic() - self._began < hard:
            return False
        self._tell_wait("hang", child, time.monotonic() - self._began)
        return True

    def _tell_wait(self, record: str, child: Child, passed: float) -> None:
        waits = describe_waits(child.process.pid)
        if self._role in FOREIGN:
            stacks, waits = "", [each for each in waits if each["process"] != child.process.pid]
        else:
            stacks = child.ask_for_stacks(STACK_SECONDS) if self._is_armed else ""
        self._tell(
            record, stage=self._stage, seconds=round(passed, 3), waits=waits, stacks=shorten(stacks, 12_000),
            last_line=child.last_line,
        )  # fmt: skip

    def _tell_logs(self, role: str, child: Child) -> None:
        for name in ("stdout", "stderr"):
            text = child.output[name].decode("utf-8", "replace")
            for start in range(0, len(text), LOG_PIECE):
                self._tell("log", role=role, stream=name, text=text[start : start + LOG_PIECE])
            if child.omitted[name]:
                self._tell("omitted", role=role, stream=name, bytes=child.omitted[name])

    def _search_batch(self) -> None:
        """The largest batch: attempts whose records stay here, told as one stage."""
        stage = Stage("batch", lambda: search_batch(self._try_batch, self._settings["max_batch"]))
        run_stages([stage], _Teller(self._tell))
        self._stage = ""

    def _try_batch(self, size: int) -> Dict[str, Any]:
        ended: Dict[str, Any] = {}

        def take(line: bytes) -> None:
            record = json.loads(line.decode("ascii"))
            self._is_armed = True
            if record.get("record") == "end":
                ended.update(record)

        self._enter("batch")
        self._is_armed = False
        child = self._start("batch", list(self._settings.get("flags", ())), take, batch=size)
        is_cut = self._follow(child)
        code = child.wait(1.0)
        child.step(0)
        child.kill()
        child.close()
        end_descendants()
        return describe_attempt(size, ended, code, is_cut=is_cut)

    def _check_visibility(self) -> None:
        """What a process of the image has printed when it ends without flushing, as one that crashes does."""
        self._enter("visibility")
        self._role = ""
        self._is_armed = False  # the signal that asks for stacks would end it
        self._tell("begin", stage="visibility")
        child = self._start("markers", list(self._settings.get("flags", ())))
        is_cut = self._follow(child)
        seconds = round(time.monotonic() - self._began, 4)
        texts = [child.output[name].decode("utf-8", "replace") for name in ("stdout", "stderr")]
        seen = find_markers(self._settings["nonce"], *texts)
        lost = sorted(name for name, is_seen in seen.items() if not is_seen)
        status, detail = _judge_visibility(lost, child.wait(1.0), is_cut=is_cut)
        self._tell(
            "end", stage="visibility", status=status, seconds=seconds, kind="muted" if lost else "", detail=detail,
            values={"seen": seen},
        )  # fmt: skip
        child.kill()
        child.close()
        end_descendants()
        self._stage = ""


class _Teller(Recorder):
    """Records of a stage that the keeper does itself."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self._tell = tell

    def write(self, record: str, **values: Any) -> None:
        """Tell it."""
        self._tell(record, **values)


def _judge_visibility(lost: List[str], code: Optional[int], *, is_cut: bool) -> Any:
    if is_cut or code:
        return "failed", "a process that prints did not end by itself"
    if lost:
        return "passed", "lost when a process ends without flushing: {}".format(", ".join(lost))
    return "passed", "standard output, standard error and logging arrive"
