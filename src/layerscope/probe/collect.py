"""From records, as they come, to an observation."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from layerscope.probe.observation import (
    CRASHED,
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


class ObservationBuilder:
    """Takes records in their order; what is asked for and never told was not reached."""

    def __init__(self, stages: Sequence[str]) -> None:
        """Expect these stages."""
        self._stages: dict[str, StageResult] = {name: StageResult(name, NOT_REACHED) for name in stages}
        self._ends: list[ProcessEnd] = []
        self._logs: dict[str, str] = {}
        self._hello: Hello | None = None
        self.is_over = False
        self.current = "start"

    def add(self, record: Record) -> None:
        """Take one."""
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
                name = f"{record.role} {record.stream}"
                self._logs[name] = self._logs.get(name, "") + record.text
            case Omitted():
                name = f"{record.role} {record.stream}"
                self._logs[name] = f"{self._logs.get(name, '')}\n({record.bytes:,} bytes left out before the end)\n"
            case Exit():
                self._note_end(record)
            case Bye():
                self.is_over = True

    def _note_wait(self, record: Slow | Hang) -> None:
        if isinstance(record, Slow) and record.stage not in self._stages:
            return  # a process that is slow to start has no stage of its own
        stage = self._stages.get(record.stage, StageResult(record.stage, NOT_REACHED))
        if isinstance(record, Hang):
            detail = f"still at work after {record.seconds:.1f} s"
            stage = replace(stage, status=HUNG, kind="hang", seconds=record.seconds, detail=detail)
        self._stages[record.stage] = replace(stage, wait=record)

    def _note_end(self, record: Exit) -> None:
        self._ends.append(ProcessEnd(record.role, record.code, record.signal, record.last_line))
        self.current = ""
        stage = self._stages.get(record.stage)
        if not record.stage or record.was_cut or (stage is not None and stage.status != NOT_REACHED):
            return
        how = record.signal or f"exit code {record.code}"
        detail = f"the process ended in it: {how}"
        self._stages[record.stage] = StageResult(record.stage, CRASHED, kind="crash", detail=detail)

    def finish(self, **told: object) -> Observation:
        """The observation; `told` is what the host knows of the run."""
        stages = sorted(self._stages.values(), key=lambda stage: stage.name != "start")  # nothing comes before it
        found = Observation(tuple(stages), tuple(self._ends), self._logs, is_complete=self.is_over)
        if self._hello is not None:
            found = replace(found, python=self._hello.python, executable=self._hello.executable)
        return replace(found, **told)
