"""Programs that are run in a container beside its first process; the engine's word for one is an exec."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from layerscope.engine.attached import STDOUT, AttachedStreams
from layerscope.engine.client import Engine
from layerscope.engine.failure import explaining


def open_execution(engine: Engine, container: str, command: Sequence[str]) -> AttachedStreams:
    """Run a program with the rights and the environment of the container; raises EngineError."""
    task = f"running {command[0]} in the container"
    with explaining(task, engine.endpoint, "waiting for the answer"):
        made: Mapping[str, Any] = engine.client.exec_create(container, list(command), stdin=True)
        return AttachedStreams(engine.client.exec_start(made["Id"], socket=True))


def read_output(engine: Engine, container: str, command: Sequence[str], *, seconds: float, limit: int) -> bytes:
    """What a program prints on standard output, within that time and so many bytes; raises EngineError."""
    deadline, kept = time.monotonic() + seconds, b""
    with open_execution(engine, container, command) as streams:
        streams.end_input()
        while not streams.is_over and len(kept) < limit and time.monotonic() < deadline:
            kept += b"".join(content for stream, content in streams.receive(0.1) if stream == STDOUT)
    return kept[:limit]


def measure_work(engine: Engine, container: str) -> tuple[float, int]:
    """Seconds of processor time and bytes read of a container since its start; 0 for what its engine does not count."""
    answer = engine.fetch(f"/containers/{container}/stats?stream=0&one-shot=1", task="measuring the container")
    spent = _look_up(answer, "cpu_stats", "cpu_usage", "total_usage")
    rows = _look_up(answer, "blkio_stats", "io_service_bytes_recursive")
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    values = [row.get("value") for row in found if str(row.get("op", "")).lower() == "read"]
    return (spent / 1e9 if isinstance(spent, int) else 0.0), sum(each for each in values if isinstance(each, int))


def _look_up(answer: Any, *names: str) -> Any:
    """What stands under one name in the other; None where an answer has another form."""
    for name in names:
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer
