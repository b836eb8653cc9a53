"""From records, as they come, to an observation."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from layerscope.probe.concealment import NO_SECRETS, Secrets, conceal
from layerscope.probe.observation import (
    CRASHED,
    DISK_LIMIT,
    FAILED,
    HUNG,
    NOT_REACHED,
    Observation,
    ProcessEnd,
    StageResult,
)
from layerscope.probe.protocol import Begin, Bye, End, Exit, Hang, Hello, Log, Omitted, Record, Slow

STATUSES: Final = frozenset({"passed", "failed", "skipped", "blocked"})

SYSTEM, GENERATION, VISIBILITY, TRACE = "system", "generation", "visibility", "trace"
MODEL = "model"
"""The image's own model, where there is one."""
BATCH = "batch"
"""The largest batch, where it is asked for."""

SERVING: Final = "serving"
ROLES: Final = (SYSTEM, GENERATION, VISIBILITY)

ALL_ROLES: Final = frozenset({*ROLES, TRACE, MODEL, BATCH, SERVING})
STREAMS: Final = frozenset({"stdout", "stderr"})

ENDED: Final = "ended"
"""The kind of a stage at which the records end."""

MAX_LOGS: Final = 8 << 20
"""Characters of all logs of a run: the payload passes on a quarter of a megabyte of each stream."""

MAX_ENDS: Final = 100
"""Processes of which it is told how they ended: each attempt at a batch has one."""


class ObservationBuilder:
    """Takes records in their order; what is asked for and never told was not reached."""

    def __init__(self, stages: Sequence[str], *, hidden: str = "", secrets: Secrets = NO_SECRETS) -> None:
        """Expect these stages and no others; `hidden` is a key that nobody is told, as are `secrets`."""
        self._stages: dict[str, StageResult] = {name: StageResult(name, NOT_REACHED) for name in stages}
        self._known = {*stages, "start"}
        self._hidden, self._secrets = hidden, secrets
        self._ends: list[ProcessEnd] = []
        self._logs: dict[str, list[str]] = {}
        self._room = MAX_LOGS
        self._hello: Hello | None = None
        self.is_over = False
        self.current = "start"

    def add(self, record: Record) -> None:
        """Take one; what tells of anything that nobody asked for is left out, since an image can write records, too."""
        if isinstance(record, Begin | End | Slow | Hang) and record.stage not in self._known:
            return
        match record:
            case Hello():
                self._hello = record
            case Begin(stage=stage):
                self.current = stage
            case End():
                self.current = ""
                status = record.status if record.status in STATUSES else "failed"
                earlier = self._stages.get(record.stage)
                self._stages[record.stage] = StageResult(
                    record.stage, status, record.seconds, record.kind, record.detail, record.values,
                    earlier.wait if earlier else None,
                )  # fmt: skip
            case Slow() | Hang():
                self._note_wait(record)
            case Log():
                self._note_log(record, record.text)
            case Omitted():
                self._note_log(record, f"\n({record.bytes:,} bytes left out before the end)\n")
            case Exit():
                self._note_end(record)
            case Bye():
                self.is_over = True

    def has_hung(self, stage: str) -> bool:
        """Whether it was told that this stage has passed its hard deadline."""
        found = self._stages.get(stage)
        return found is not None and found.status == HUNG

    def break_off(self, detail: str) -> None:
        """Nothing more will come, and this is why: the stage in which it stood, or the next, has not ended."""
        waiting = (name for name, stage in self._stages.items() if stage.status == NOT_REACHED)
        name = self.current if self.current in self._stages else next(waiting, "")
        if name:
            self._stages[name] = replace(self._stages[name], status="failed", kind=ENDED, detail=detail)

    def _note_log(self, record: Log | Omitted, text: str) -> None:
        if record.role not in ALL_ROLES or record.stream not in STREAMS:
            return
        self._logs.setdefault(f"{record.role} {record.stream}", []).append(text[: self._room])
        self._room -= min(len(text), self._room)

    def _note_wait(self, record: Slow | Hang) -> None:
        if isinstance(record, Slow) and record.stage not in self._stages:
            return  # a process that is slow to start has no stage of its own
        stage = self._stages.get(record.stage, StageResult(record.stage, NOT_REACHED))
        if isinstance(record, Hang):
            detail = f"still at work after {record.seconds:.1f} s"
            if stage.wait is not None and not (record.stacks or record.waits):  # the host's word, which knows neither
                record = replace(
                    record, stacks=stage.wait.stacks, waits=stage.wait.waits, last_line=stage.wait.last_line
                )
            stage = replace(stage, status=HUNG, kind="hang", seconds=record.seconds, detail=detail)
        self._stages[record.stage] = replace(stage, wait=record)

    def _note_end(self, record: Exit) -> None:
        self.current = ""
        if record.role not in ALL_ROLES or len(self._ends) >= MAX_ENDS:
            return
        self._ends.append(ProcessEnd(record.role, record.code, record.signal, record.last_line))
        stage = self._stages.get(record.stage)
        is_told = stage is not None and stage.status != NOT_REACHED
        if record.stage not in self._known or record.was_cut or is_told:
            return
        how = record.signal or f"exit code {record.code}"
        kind, detail = "crash", f"the process ended in it: {how}"
        if not record.signal and not record.code:
            kind, detail = "silent-exit", "something in it ended the process without an error (exit code 0)"
        where = Slow(record.at, record.stage, 0.0, stacks=record.stacks, last_line=record.last_line)
        self._stages[record.stage] = StageResult(
            record.stage, CRASHED, kind=kind, detail=detail, wait=where if record.stacks else None
        )

    def end_for_disk(self, breach: str) -> None:
        """Note that the run is ended in the stage in which it stands, or before the next one, for what it wrote."""
        unreached = [stage.name for stage in self._stages.values() if stage.status == NOT_REACHED]
        name = self.current if self.current in self._stages else next(iter(unreached), "start")
        self._stages[name] = StageResult(name, FAILED, kind=DISK_LIMIT, detail=breach)

    def finish(self, **told: object) -> Observation:
        """The observation; `told` is what the host knows of the run."""
        stages = sorted(self._stages.values(), key=lambda stage: stage.name != "start")  # nothing comes before it
        logs = {name: "".join(pieces) for name, pieces in self._logs.items()}
        found = Observation(tuple(stages), tuple(self._ends), logs, is_complete=self.is_over)
        if self._hello is not None:
            found = replace(found, python=self._hello.python, executable=self._hello.executable)
        return conceal(replace(found, **told), self._hidden, self._secrets)
