"""Verdicts: on which GPUs, and with which drivers, an image computes; pure functions of facts and policies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from layerscope.facts.cuda.coverage import GpuQuestion
from layerscope.facts.cuda.cuda_need import CudaNeed, find_compat_branches, find_cuda_need
from layerscope.facts.cuda.device_code import LibraryCode
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.gpu_target import GpuTarget, NodeType, common_targets, parse_gpu
from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.facts.cuda.host_check import HostCheck
from layerscope.facts.cuda.library_verdicts import (
    Candidate,
    Judged,
    combine,
    find_candidates,
    find_deciders,
    judge_libraries,
)
from layerscope.facts.cuda.releases import major, numbers
from layerscope.facts.cuda.verdict_reasons import (
    tell_driver_before,
    tell_driver_too_new,
    tell_driver_too_old,
    tell_host_processor,
    tell_reason,
)
from layerscope.facts.fact import Evidence
from layerscope.facts.fact_set import FactSet
from layerscope.policies.cuda_driver import Version, parse_driver, reaches
from layerscope.policies.frameworks import first_release_for
from layerscope.policies.gpu_names import tell_capability
from layerscope.policies.policies import Policies

_LACKING: Final = (Verdict.PARTIAL, Verdict.NONE)

_RUN_BY: Final = {"arm64": ("arm64", "arm")}
"""Architectures whose programs a host's processor starts, where these are several: many of Arm's start 32-bit ones."""


@dataclass(frozen=True)
class _Case:
    """All that a verdict is made of."""

    target: GpuTarget
    candidates: tuple[Candidate, ...]
    need: CudaNeed | None
    policies: Policies
    driver: str
    compat_branches: tuple[int, ...]
    architecture: str = ""
    has_cpu_torch: bool = False

    @property
    def version(self) -> Version | None:
        """The driver as numbers."""
        return parse_driver(self.driver) if self.driver else None


def judge_gpus(
    facts: FactSet,
    policies: Policies,
    targets: Sequence[GpuTarget] = (),
    driver: str = "",
    *,
    architecture: str = "",
) -> tuple[GpuVerdict, ...]:
    """The verdict for every target, or for the common GPUs where there is none.

    `driver` is a version or a branch, `architecture` the processor that the image is for, as its config names it.
    """
    asked = targets or common_targets(policies.gpu_arch)
    need, branches = find_cuda_need(facts), find_compat_branches(facts)
    has_cpu_torch = any(each.name == "torch" and each.build is Build.CPU for each in facts.of(Framework))
    candidates = find_candidates(facts.of(LibraryCode), policies, need.cuda if need else "")
    return tuple(
        replace(
            _judge(_Case(target, candidates, need, policies, driver, branches, architecture, has_cpu_torch)),
            is_asked=bool(targets),
            refusal=_find_refusal(facts, target, policies, driver),
        )
        for target in asked
    )


def judge_fleet(
    facts: FactSet, policies: Policies, fleet: Sequence[NodeType], *, architecture: str = ""
) -> tuple[GpuVerdict, ...]:
    """The verdict for every node type, in the fleet's order; raises UsageError for a GPU that nobody knows."""
    verdicts = []
    for node in fleet:
        target = parse_gpu(node.gpu, policies.gpu_arch)
        (verdict,) = judge_gpus(facts, policies, (target,), node.driver, architecture=architecture)
        verdicts.append(replace(verdict, node=node.name, count=node.count))
    return tuple(verdicts)


def _find_refusal(facts: FactSet, target: GpuTarget, policies: Policies, driver: str) -> str:
    """What the runtime of a host with that driver objects to; nothing where no driver is named."""
    if not driver:
        return ""
    version = parse_driver(driver)
    is_data_center = target.model is not None and target.model.is_data_center
    cuda = policies.cuda_driver.cuda_of(version)
    return HostCheck(version, cuda, target.capability, is_data_center).find_refusal(facts)


def _judge(case: _Case) -> GpuVerdict:
    """The verdict, and where PyTorch falls short, the builds that would do."""
    if host := _find_foreign_host(case):
        verdict = replace(
            _tell_code(case, _judge_code(case, None)), evidence=Evidence(), minimum_driver="", libraries=()
        )
        return _refuse(verdict, Cause.HOST_PROCESSOR, tell_host_processor(host, case.architecture))
    verdict = _judge_with_driver(case)
    if verdict.cause is Cause.ARCHITECTURE:
        verdict = replace(verdict, older_release=_find_older_release(case))
    if verdict.verdict is Verdict.NO_CODE and case.has_cpu_torch:
        return replace(verdict, torch_builds=_find_torch_builds(case, verdict.verdict))
    if verdict.cause is Cause.NOTHING or case.need is None or not case.need.what.startswith("torch"):
        return verdict
    return replace(verdict, torch_builds=_find_torch_builds(case, verdict.verdict))


def _find_foreign_host(case: _Case) -> str:
    """The processor of the GPU's hosts, where it does not run what the image holds; empty where it does."""
    capability, architectures = case.target.capability, case.policies.gpu_arch
    host = case.target.model.host if case.target.model else architectures.host_of(capability)
    return "" if not host or case.architecture in {"", *_RUN_BY.get(host, (host,))} else host


def _judge_with_driver(case: _Case) -> GpuVerdict:
    """What the code says, and then what the driver says to it."""
    judged = _judge_code(case, None)
    verdict = _tell_code(case, judged)
    version = case.version
    if version is None or verdict.verdict in (Verdict.NONE, Verdict.NO_CODE):
        return verdict
    last = verdict.last_branch
    first = _first_driver(case)
    if last is not None and version[0] > last:
        return _refuse(verdict, Cause.DRIVER_TOO_NEW, tell_driver_too_new(case.driver, verdict))
    if first is not None and not reaches(version, first):
        return _refuse(verdict, Cause.DRIVER_BEFORE_GPU, tell_driver_before(case.driver, first, verdict))
    floor = _floor(case)
    if floor is not None and not reaches(version, floor) and version[0] not in verdict.compat_branches:
        refused = _refuse(verdict, Cause.DRIVER_TOO_OLD, tell_driver_too_old(case.driver, floor, case.need))
        if case.need is None:
            return refused
        return replace(refused, evidence=case.need.evidence, compat_package=_find_compat_package(case, version[0]))
    with_driver = _judge_code(case, version)
    if any(each.coverage.blocked for each in with_driver) and combine(with_driver) is not verdict.verdict:
        return _tell_code(case, with_driver, Cause.PTX_TOO_NEW)
    return verdict


def _find_older_release(case: _Case) -> str:
    """The releases of ONNX Runtime, where it is what falls short, for a CUDA that still compiles for the GPU."""
    dropped = case.policies.gpu_arch.dropped_in(case.target.capability)
    if case.need is None or dropped is None or not case.need.what.startswith("onnxruntime"):
        return ""
    first = first_release_for(case.policies.frameworks.onnxruntime_gpu, numbers(dropped)[0])
    return f"onnxruntime-gpu<{first}" if first else ""


def _find_compat_package(case: _Case, branch: int) -> str:
    """The package with a user-mode driver that stands in on data center GPUs; empty where none is known to."""
    if case.need is None or case.target.model is None or not case.target.model.is_data_center:
        return ""
    return case.policies.cuda_driver.compat_package(case.need.cuda, branch) or ""


def _judge_code(case: _Case, version: Version | None) -> list[Judged]:
    question = GpuQuestion(case.target.capability, case.policies.gpu_arch, case.policies.cuda_driver, version)
    return judge_libraries(case.candidates, question)


def _tell_code(case: _Case, judged: Sequence[Judged], cause: Cause | None = None) -> GpuVerdict:
    """The verdict as the libraries make it."""
    verdict = combine(judged)
    deciders = find_deciders(judged)
    found = Cause.NOTHING if verdict in (Verdict.NATIVE, Verdict.JIT, Verdict.NO_CODE) else cause or Cause.CODE
    if verdict is Verdict.NONE and found is Cause.CODE and _is_dropped(case):
        found = Cause.ARCHITECTURE
    told = [each.verdict for each in judged]
    kept = [each for each in told if each in [d.verdict for d in deciders] or each.verdict is not Verdict.NATIVE]
    chosen = next((each.verdict for each in deciders if each.verdict.verdict is verdict), kept[0] if kept else None)
    if verdict is Verdict.PARTIAL:
        chosen = min((each for each in kept if each.verdict in _LACKING), key=lambda each: each.share, default=chosen)
    draft = GpuVerdict(
        evidence=Evidence(chosen.layer, chosen.path) if chosen else case.need.evidence if case.need else Evidence(),
        name=case.target.name,
        compute_capability=tell_capability(case.target.capability),
        architecture=case.policies.gpu_arch.architecture_of(case.target.capability),
        verdict=verdict,
        cause=found,
        reason="",
        minimum_driver=_minimum_driver(case, deciders) if verdict not in (Verdict.NONE, Verdict.NO_CODE) else "",
        full_driver=_full_driver(case, _minimum_driver(case, deciders)),
        last_branch=case.policies.cuda_driver.last_branch(case.target.capability),
        driver=case.driver,
        cuda=case.need.cuda if case.need else "",
        compat_branches=case.compat_branches if case.target.model and case.target.model.is_data_center else (),
        libraries=tuple(kept),
    )
    return replace(draft, reason=tell_reason(draft, case.target.capability))


def _minimum_driver(case: _Case, deciders: Sequence[Judged]) -> str:
    """The newest of the floor, the first driver for the GPU, and what the deciders' PTX asks for."""
    drivers = case.policies.cuda_driver
    compiled = [each.coverage.isa for each in deciders if each.verdict.verdict is Verdict.JIT]
    wanted = [_floor(case), _first_driver(case), *(drivers.ptx_driver(isa) for isa in compiled)]
    return max(filter(None, wanted), key=numbers, default="")


def _full_driver(case: _Case, minimum: str) -> str:
    """The driver that came with the image's CUDA, or the oldest that starts it, where one as new knows the GPU."""
    drivers = case.policies.cuda_driver
    toolkit = drivers.toolkit_driver(case.need.cuda) if case.need else None
    if toolkit is None:
        return ""
    found = max(toolkit, minimum, key=numbers)
    last = drivers.last_branch(case.target.capability)
    return "" if last is not None and numbers(found)[0] > last else found


def _floor(case: _Case) -> str | None:
    return case.policies.cuda_driver.floor(case.need.cuda) if case.need else None


def _first_driver(case: _Case) -> str | None:
    """The oldest driver that knows the GPU: the one of the first toolkit that compiles for it."""
    toolkit = case.policies.gpu_arch.first_toolkit(case.target.capability)
    return case.policies.cuda_driver.oldest_driver(toolkit) if toolkit else None


def _is_dropped(case: _Case) -> bool:
    """Whether the image's CUDA no longer compiles for the GPU."""
    dropped = case.policies.gpu_arch.dropped_in(case.target.capability)
    cuda = major(case.need.cuda) if case.need else None
    return dropped is not None and cuda is not None and cuda >= numbers(dropped)[0]


def _find_torch_builds(case: _Case, verdict: Verdict) -> tuple[str, ...]:
    """The builds of PyTorch with machine code for the GPU, whose CUDA starts with the driver.

    Those that releases still come for are first, and of them the newest CUDA.
    Where a part of PyTorch lacks code, builds of the same CUDA major version lack it as well.
    """
    below = numbers(case.need.cuda)[:1] if case.need and verdict is Verdict.PARTIAL else (10**9,)
    drivers, architectures = case.policies.cuda_driver, case.policies.gpu_arch
    found = []
    for row in case.policies.torch_wheels.table.build_arch:
        floor = drivers.floor(row.cuda)
        starts = case.version is None or (floor is not None and reaches(case.version, floor))
        if (
            starts
            and numbers(row.cuda) < below
            and any(architectures.runs_sass(arch, "", case.target.capability) for arch in row.sm)
        ):
            found.append((row.releases.endswith("-"), numbers(row.cuda), f"{row.build} (torch {row.releases})"))
    return tuple(build for *_, build in sorted(found, reverse=True))


def _refuse(verdict: GpuVerdict, cause: Cause, reason: str) -> GpuVerdict:
    return replace(verdict, verdict=Verdict.NONE, cause=cause, reason=reason)
