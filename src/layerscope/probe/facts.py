"""From a probe to facts, which the rules judge like those of the image's files."""

from collections.abc import Iterable, Iterator

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.probe.broken_stage import BrokenStage, Confirmed
from layerscope.facts.probe.idle_gpu import IdleGpu
from layerscope.facts.probe.lost_output import LostOutput
from layerscope.facts.probe.needed_privilege import NeededPrivilege
from layerscope.probe.observation import Observation
from layerscope.probe.variants import Trials
from layerscope.probe.verdict import Outcome, Verdict, find_idle_gpus

START = "start"
"""The stage of a payload that did not come up."""

_WHOLE = Evidence()
"""A run is of the image as a whole."""


def collect_probe_facts(seen: Observation, verdict: Verdict, confirmed: Iterable[Confirmed] = ()) -> tuple[Fact, ...]:
    """What the stages say; libraries are compared apart, for that needs the image's files."""
    return (*_collect_broken(seen, verdict, tuple(confirmed)), *_collect_idle(seen, verdict), *_collect_lost(seen))


def collect_needs(trials: Trials | None) -> Iterator[NeededPrivilege]:
    """What a run with default rights shows that the image needs."""
    comparison = trials.comparison if trials is not None else None
    if trials is not None and comparison is not None and comparison.helps:
        broken = trials.seen.broken
        reason = broken.detail if broken is not None else ""
        yield NeededPrivilege(_WHOLE, comparison.stage or START, tuple(need.text for need in comparison.needs), reason)


def _collect_broken(seen: Observation, verdict: Verdict, confirmed: tuple[Confirmed, ...]) -> Iterator[BrokenStage]:
    """The root alone: what follows from it is no fact of its own."""
    if not verdict.root and verdict.outcome in {Outcome.GENERATED, Outcome.UNPROVED}:
        return
    stage, end = seen.find(verdict.root), next((end for end in seen.ends if end.code or end.signal), None)
    limits = seen.find("env")
    memory = limits.values.get("limits", {}).get("memory") if limits is not None else None
    yield BrokenStage(
        evidence=_WHOLE,
        stage=verdict.root or START,
        outcome=str(verdict.outcome),
        kind=verdict.kind,
        title=verdict.title,
        reason=verdict.reason,
        cures=verdict.cures,
        cause=verdict.cause,
        last_line=(stage.wait.last_line if stage is not None and stage.wait else "") or (end.last_line if end else ""),
        is_out_of_memory=seen.is_out_of_memory and verdict.outcome is Outcome.CRASH,
        memory_limit=memory if isinstance(memory, int) else None,
        device=verdict.device,
        consequences=verdict.consequences,
        confirmed=confirmed,
    )


def _collect_idle(seen: Observation, verdict: Verdict) -> Iterator[IdleGpu]:
    """Said where nothing broke, or where just this did."""
    gpus = find_idle_gpus(seen)
    if gpus and verdict.root in {"", "device"}:
        device, imports = seen.find("device"), seen.find("imports")
        torch = (imports.values.get("torch") if imports is not None else None) or {}
        reason = str(device.values.get("reason") or "") if device is not None else ""
        yield IdleGpu(_WHOLE, gpus, str(torch.get("cuda") or ""), reason)


def _collect_lost(seen: Observation) -> Iterator[LostOutput]:
    stage = seen.find("visibility")
    if stage is not None and stage.kind == "muted":
        arrived = stage.values.get("seen", {})
        yield LostOutput(_WHOLE, tuple(sorted(name for name, is_seen in arrived.items() if not is_seen)))
