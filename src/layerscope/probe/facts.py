"""From a probe to facts, which the rules judge like those of the image's files."""

from collections.abc import Iterable, Iterator

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.probe.broken_stage import BrokenStage, Confirmed
from layerscope.facts.probe.idle_gpu import IdleGpu
from layerscope.facts.probe.lost_output import LostOutput
from layerscope.facts.probe.needed_privilege import NeededPrivilege
from layerscope.probe.observation import Observation
from layerscope.probe.probed import Probed
from layerscope.probe.variants import Trials
from layerscope.probe.verdict import Outcome, Verdict, find_idle_gpus

START = "start"
"""The stage of a payload that did not come up."""

_WHOLE = Evidence()
"""A run is of the image as a whole."""


def collect_probe_facts(probed: Probed, confirmed: Iterable[Confirmed] = ()) -> tuple[Fact, ...]:
    """What the stages say; libraries are compared apart, for that needs the image's files.

    A stage that passes with more rights is told by what it needs, and not as one that breaks.
    """
    seen, verdict = probed.seen, probed.verdict
    if seen is None or verdict is None:
        return ()
    needed = list(_collect_needed(probed.trials, verdict))
    broken = () if needed else _collect_broken(seen, verdict, tuple(confirmed))
    return (*needed, *broken, *_collect_idle(seen, verdict), *_collect_lost(seen))


def _collect_needed(trials: Trials | None, verdict: Verdict) -> Iterator[NeededPrivilege]:
    comparison = trials.comparison if trials is not None else None
    if comparison is not None and comparison.helps and comparison.needs:
        flags = tuple(flag for need in comparison.needs for flag in need.flags)
        texts = tuple(need.text for need in comparison.needs)
        yield NeededPrivilege(_WHOLE, comparison.stage, texts, flags, verdict.reason)


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
        has_stack=stage is not None and stage.wait is not None and bool(stage.wait.stacks.strip()),
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
