"""Risks of GPUs and drivers: dropped, slower, in need of a newer driver, or of copies that come twice."""

from collections.abc import Iterator, Sequence
from typing import Final

from layerscope.diff.gpus import GpuChange
from layerscope.diff.risk import Grounds, Risk, RiskLevel
from layerscope.diff.risk_kinds import RiskKind
from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.facts.cuda.libraries import CudaCopy
from layerscope.facts.fact_set import FactSet
from layerscope.policies.cuda_driver import parse_driver
from layerscope.rules.wording import tell_list, tell_size

FAILS: Final = (Verdict.NONE, Verdict.NO_CODE)
"""Verdicts with which nothing of an image computes on a GPU."""

_OF_DRIVER: Final = (Cause.DRIVER_TOO_OLD, Cause.DRIVER_TOO_NEW, Cause.DRIVER_BEFORE_GPU, Cause.PTX_TOO_NEW)
_SHOWN: Final = 4


def iter_gpu_risks(grounds: Grounds) -> Iterator[Risk]:
    """What becomes of the GPUs that the images were judged for; of those that only one was judged for, in one line."""
    before, after = _list_running(grounds.before), _list_running(grounds.after)
    if not grounds.gpus:
        return
    if before and not _has_code(grounds.after):
        yield Risk(RiskLevel.BREAKS, RiskKind.GPU_LOST, "no device code any more: it computes on no GPU")
        return
    if after and not _has_code(grounds.before):
        floor = min((each.minimum_driver for each in after if each.minimum_driver), key=parse_driver, default="")
        needs = f", and needs a driver: {floor} or newer" if floor else ""
        yield Risk(RiskLevel.RISKY, RiskKind.GPU_NEEDED, f"it computes on GPUs now{needs}")
    yield from _iter_losses(grounds.gpus)
    yield from _iter_driver_risks(grounds.gpus)
    gained = [name_gpu(each) for each in grounds.gpus if _is_gained(each)]
    if gained:
        yield Risk(RiskLevel.NOTE, RiskKind.GPU_ADDED, f"runs on {_name(gained)} now")


def name_gpu(change: GpuChange) -> str:
    """A GPU, with the node type of a fleet that it is in."""
    judged = change.after or change.before
    node = judged.node if judged is not None else ""
    return f"{change.name} of {node}" if node else change.name


def _has_code(facts: FactSet) -> bool:
    """Whether an image has anything that could compute on a GPU, be it none of those that were asked about."""
    return any(each.verdict is not Verdict.NO_CODE for each in facts.of(GpuVerdict))


def _list_running(facts: FactSet) -> list[GpuVerdict]:
    return [each for each in facts.of(GpuVerdict) if each.verdict not in FAILS]


def _iter_losses(gpus: Sequence[GpuChange]) -> Iterator[Risk]:
    """GPUs on which less runs, those together that have one reason."""
    groups: dict[tuple[RiskLevel, RiskKind, str, str], list[str]] = {}
    for each in gpus:
        if not each.is_worse or each.before is None or each.after is None:
            continue
        if each.after.verdict not in FAILS:
            fate = f"from {each.before.verdict} to {each.after.verdict}"
            key = (RiskLevel.RISKY, RiskKind.GPU_WORSE, fate, each.after.reason)
        elif each.after.cause in _OF_DRIVER:
            key = (RiskLevel.BREAKS, RiskKind.DRIVER_RAISED, f"with driver {each.after.driver}", each.after.reason)
        else:
            key = (RiskLevel.BREAKS, RiskKind.GPU_DROPPED, "", each.after.reason)
        groups.setdefault(key, []).append(name_gpu(each))
    for (level, kind, fate, reason), names in groups.items():
        yield Risk(level, kind, _tell_loss(kind, names, fate), reason)


def _tell_loss(kind: RiskKind, names: Sequence[str], fate: str) -> str:
    is_one = len(names) == 1
    if kind is RiskKind.GPU_DROPPED:
        return f"{_name(names)} {'is' if is_one else 'are'} dropped"
    if kind is RiskKind.DRIVER_RAISED:
        return f"it does not start on {_name(names)} {fate} any more"
    return f"{_name(names)} {'falls' if is_one else 'fall'} {fate}"


def _iter_driver_risks(gpus: Sequence[GpuChange]) -> Iterator[Risk]:
    """Oldest drivers that are others, of GPUs that run both images."""
    groups: dict[tuple[str, str], list[str]] = {}
    for each in gpus:
        one, other = each.before, each.after
        if one is None or other is None or one.verdict in FAILS or other.verdict in FAILS:
            continue
        if one.minimum_driver and other.minimum_driver and one.minimum_driver != other.minimum_driver:
            groups.setdefault((one.minimum_driver, other.minimum_driver), []).append(name_gpu(each))
    for (one_floor, other_floor), names in groups.items():
        rises = parse_driver(other_floor) > parse_driver(one_floor)
        text = f"the oldest driver {'rises' if rises else 'falls'} from {one_floor} to {other_floor} on {_name(names)}"
        level, kind = (RiskLevel.BREAKS, RiskKind.DRIVER_RAISED) if rises else (RiskLevel.NOTE, RiskKind.DRIVER_LOWERED)
        yield Risk(level, kind, text)


def _is_gained(change: GpuChange) -> bool:
    """Whether a GPU runs the image that could not run the one before."""
    if change.before is None or change.after is None:
        return False
    return change.before.verdict in FAILS and change.after.verdict not in FAILS


def _name(names: Sequence[str]) -> str:
    return tell_list(names, shown=_SHOWN)


def iter_copy_risks(grounds: Grounds) -> Iterator[Risk]:
    """Parts of CUDA that come once more than there were."""
    if not grounds.compares_files:
        return
    before, after = list_copies(grounds.before), list_copies(grounds.after)
    for name, places in sorted(after.items()):
        had = before.get(name, {})
        if not had or len(places) <= len(had):
            continue
        for place, (version, size) in sorted(places.items()):
            if place not in had:
                text = f"one more {f'{name} {version}'.rstrip()} in /{place} adds {tell_size(size)}"
                yield Risk(RiskLevel.RISKY, RiskKind.CUDA_COPIED, text)


def list_copies(facts: FactSet) -> dict[str, dict[str, tuple[str, int]]]:
    """For each part of CUDA the places that hold a copy of it, with version and bytes."""
    copies: dict[str, dict[str, tuple[str, int]]] = {}
    for copy in facts.of(CudaCopy):
        for part in copy.parts:
            copies.setdefault(part.name, {})[copy.root] = (part.version, part.size)
    return copies
