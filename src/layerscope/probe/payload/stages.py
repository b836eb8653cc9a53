"""Stages: one piece of work after the other, each begun and ended with a record, whatever happens in it."""

import time
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from layerscope.probe.payload.records import Recorder, shorten

PASSED, FAILED, SKIPPED, BLOCKED = "passed", "failed", "skipped", "blocked"

MAX_TRACE = 6000
"""Characters of a traceback."""


class SkippedStage(Exception):  # noqa: N818 -- it is no error
    """There is nothing to be done: no device, no such library. The reason is the message."""


class FailedStage(Exception):  # noqa: N818 -- the stage failed, and says so in its own words
    """The stage found that something is wrong; `values` is what it measured."""

    def __init__(self, kind: str, detail: str, values: Optional[Dict[str, Any]] = None) -> None:
        """Say which kind of failure it is, in one of the words that the host knows, and what was seen."""
        Exception.__init__(self, detail)
        self.kind = kind
        self.values = values or {}


class Stage:
    """A piece of work that returns what to say of it, a sentence and values, and what other stages it needs."""

    def __init__(self, name: str, work: Callable[[], Tuple[str, Dict[str, Any]]], needs: Tuple[str, ...] = ()) -> None:
        """Name the work."""
        self.name = name
        self.work = work
        self.needs = needs


Measure = Callable[[], Dict[str, Any]]


def run_stages(stages: Iterable[Stage], recorder: Recorder, measure: Optional[Measure] = None) -> Dict[str, str]:
    """Run stages in their order; one whose need did not pass is blocked. Returns the status of each.

    What is measured at the end of a stage becomes its value `memory`.
    """
    done: Dict[str, str] = {}
    for stage in stages:
        missing = [(need, done.get(need, BLOCKED)) for need in stage.needs if done.get(need) != PASSED]
        done[stage.name] = _run_stage(stage, recorder, missing, measure)
    return done


def _run_stage(
    stage: Stage, recorder: Recorder, missing: List[Tuple[str, str]], measure: Optional[Measure] = None
) -> str:
    recorder.write("begin", stage=stage.name)
    began, kind, values = time.monotonic(), "", {}  # type: float, str, Dict[str, Any]
    try:
        if missing:
            need, status = missing[0]
            status = SKIPPED if status == SKIPPED else BLOCKED
            detail = f"it needs stage {need}"
        else:
            detail, values = stage.work()
            status, kind = PASSED, str(values.pop("doubt", ""))
    except SkippedStage as reason:
        status, detail = SKIPPED, str(reason)
    except FailedStage as error:
        status, detail, kind, values = FAILED, str(error), error.kind, error.values
    except BaseException as error:  # noqa: BLE001 -- sys.exit and KeyboardInterrupt of foreign code are its failure, too
        status, detail, kind = FAILED, describe_error(error), "error"
        values = {"exception": type(error).__name__, "trace": _describe_trace()}
    seconds = round(time.monotonic() - began, 4)
    if measure is not None and not missing:
        values = dict(values, memory=measure())
    recorder.write(
        "end", stage=stage.name, status=status, seconds=seconds, kind=kind, detail=shorten(detail), values=values
    )
    return status


def _describe_trace() -> str:
    """Where the exception in hand was raised; empty where there is no memory or no descriptor left to tell it with."""
    try:
        import traceback

        return shorten(traceback.format_exc(), MAX_TRACE)
    except Exception:  # noqa: BLE001 -- the record of the stage is worth more
        return ""


def describe_error(error: BaseException) -> str:
    """An exception in one line."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 -- how foreign code shows its exceptions may fail, too
        text = "(its message cannot be shown)"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
