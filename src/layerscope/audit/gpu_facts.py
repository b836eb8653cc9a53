"""What an image's facts say of an error that hangs on the GPU or its driver."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from layerscope.audit.result import AuditResult
from layerscope.audit.statement import Bearing, Statement
from layerscope.facts.cuda.cuda_need import find_cuda_need
from layerscope.facts.cuda.device_code import LibraryCode
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.gpu_verdict import GpuVerdict, Verdict
from layerscope.facts.cuda.libraries import CudaCopy
from layerscope.facts.cuda.releases import numbers
from layerscope.facts.fact_set import FactSet
from layerscope.policies.cuda_driver import CudaDrivers, parse_driver, reaches
from layerscope.policies.fitted_values import decode_cuda

NAMED: Final = 8
"""GPUs that one sentence names."""

_WORDS: Final = {
    Verdict.NONE: "it does not run on",
    Verdict.PARTIAL: "it runs in part on",
    Verdict.JIT: "the driver compiles it first on",
    Verdict.NATIVE: "it runs on",
    Verdict.NO_CODE: "it has no device code for",
}
_GOOD: Final = (Verdict.NATIVE, Verdict.JIT)


def find_image_cuda(facts: FactSet) -> str:
    """The CUDA version that the image is for; empty where nothing tells it."""
    need = find_cuda_need(facts)
    if need is not None:
        return need.cuda
    return max((copy.release for copy in facts.of(CudaCopy) if copy.release), key=numbers, default="")


def tell_gpus(result: AuditResult) -> Iterator[Statement]:
    """How the image fares on the GPUs in question; on the common ones where none is."""
    if not result.gpus:
        if result.is_whole and result.facts.find(LibraryCode) is None:
            yield Statement("no device code is in it, for any GPU", Bearing.EXPLAINS)
        return
    asked = [verdict for verdict in result.gpus if verdict.is_asked]
    for verdict in asked:
        known = verdict.name != verdict.compute_capability
        name = f"{verdict.name} ({verdict.compute_capability})" if known else f"compute capability {verdict.name}"
        why = f": {verdict.reason}" if verdict.reason else ""
        is_good = verdict.verdict in _GOOD
        yield Statement(f"{_WORDS[verdict.verdict]} {name}{why}", Bearing.CONTRADICTS if is_good else Bearing.EXPLAINS)
    if not asked:
        yield Statement(f"not judged without --gpu NAME; of the common GPUs, {_count(result.gpus)}", Bearing.OPEN)


def _count(verdicts: Sequence[GpuVerdict]) -> str:
    """The common GPUs in groups, the worst first."""
    order = list(_WORDS)
    groups = groupby(sorted(verdicts, key=lambda each: order.index(each.verdict)), key=lambda each: each.verdict)
    return "; ".join(f"{_WORDS[kind]} {_name_all(group)}" for kind, group in groups)


def _name_all(verdicts: Iterator[GpuVerdict]) -> str:
    names = [f"{each.name} ({each.compute_capability})" for each in verdicts]
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def find_driver(found: str, drivers: CudaDrivers) -> str:
    """The driver branch that a message's number tells, as `R535`; empty where the tables know none of that CUDA."""
    cuda = decode_cuda(found)
    return next((f"R{row.branch}" for row in drivers.branches if row.cuda == cuda), "")


def find_asked_driver(result: AuditResult) -> str:
    """The driver that was asked about; empty where none was, or several."""
    asked = {verdict.driver for verdict in result.gpus if verdict.driver}
    return asked.pop() if len(asked) == 1 else ""


def find_driver_cuda(driver: str, drivers: CudaDrivers) -> str:
    """The CUDA that a driver's branch serves; empty where the tables do not know the branch."""
    branch = parse_driver(driver)[0] if driver else 0
    return next((row.cuda for row in drivers.branches if row.branch == branch), "")


def starts_all(result: AuditResult, drivers: CudaDrivers) -> bool:
    """Whether the driver that was asked about starts all that needs CUDA, as far as the tables know the needs."""
    driver, needs = find_asked_driver(result), list(_iter_needs(result.facts))
    floors = [drivers.floor(version) for _, version in needs]
    return bool(driver and floors) and all(
        floor is not None and reaches(parse_driver(driver), floor) for floor in floors
    )


def tell_driver(result: AuditResult, found: str, drivers: CudaDrivers) -> Iterator[Statement]:
    """With which drivers what is in the image starts, and whether the one in question is such a one."""
    cuda, branch, asked = decode_cuda(found), find_driver(found, drivers), find_asked_driver(result)
    if asked and not cuda:
        serves = f"; {asked}, the driver in question,"
    else:
        serves = f"; the driver of the message serves CUDA {cuda}" + (f" ({branch}), which" if branch else ", which")
    for what, version in _iter_needs(result.facts):
        floor = drivers.floor(version)
        told = f"{what} was built for CUDA {version}"
        if floor is None:
            yield Statement(told, Bearing.OPEN)
            continue
        told += f", which starts with driver {floor} and newer"
        if not cuda and not asked:
            yield Statement(f"{told}; whether the host's is older is not judged without its version", Bearing.OPEN)
        elif _starts(branch, cuda, version, floor) if cuda else reaches(parse_driver(asked), floor):
            yield Statement(f"{told}{serves} is new enough", Bearing.CONTRADICTS)
        else:
            yield Statement(f"{told}{serves} is too old", Bearing.EXPLAINS)


def _starts(branch: str, cuda: str, version: str, floor: str) -> bool:
    """Whether a driver starts that CUDA: by its branch, else by the major version that it serves."""
    if branch:
        return reaches((int(branch[1:]),), floor)
    return numbers(cuda)[0] >= numbers(version)[0]


def _iter_needs(facts: FactSet) -> Iterator[tuple[str, str]]:
    """What needs which CUDA: frameworks, else the newest runtime."""
    needs = {(each.label, each.cuda) for each in facts.of(Framework) if each.build is Build.CUDA and numbers(each.cuda)}
    need = find_cuda_need(facts)
    if not needs and need is not None:
        needs = {(need.what if need.what.startswith("/") else f"/{need.what}", need.cuda)}
    yield from sorted(needs)
