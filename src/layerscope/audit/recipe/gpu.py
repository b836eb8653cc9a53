"""Whether a container is given GPUs, how many, and what of the driver."""

import shlex
from collections.abc import Iterator
from typing import Any, Final

from layerscope.audit.recipe.ground import Ground, of_config, of_files, of_finding
from layerscope.facts.config.parallel_start import ParallelStart
from layerscope.facts.cuda.cuda_need import find_cuda_need
from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.recipe.setting import LeftOut, Setting, Source
from layerscope.rules.cuda_stack import computes_by_cuda

CAPABILITIES: Final = "NVIDIA_DRIVER_CAPABILITIES"
NEEDED: Final = ("compute", "utility")
LACKING_CAPABILITIES: Final = "CUDA036"
FIXED_DEVICES: Final = "CUDA035"


def derive_gpu(ground: Ground) -> Iterator[Setting | LeftOut]:
    """GPUs where something in the image computes by CUDA."""
    if not computes_by_cuda(ground.facts):
        rocm = next((each for each in ground.facts.of(Framework) if each.build is Build.ROCM), None)
        other = f"; {rocm.label} is built for ROCm, whose devices are not told here" if rocm is not None else ""
        yield LeftOut("GPU", f"nothing in the image computes by CUDA, and its config names no CUDA version{other}")
        return
    why, source = _tell_need(ground)
    start = ground.facts.find(ParallelStart)
    count = start.processes if start is not None else 0
    many = f", on {count} of them ({start.option})" if start is not None and count else ""
    devices = [{"driver": "nvidia", "count": count or "all", "capabilities": ["gpu"]}]
    told = "" if count else "; how many it takes is not known from the image: a pod is given one"
    yield Setting(
        "GPU",
        f"{why}{many}{_tell_visible(ground)}{told}",
        source,
        docker=_choose_flags(ground, count),
        compose={"deploy": {"resources": {"reservations": {"devices": devices}}}},
        container={"resources": {"limits": {"nvidia.com/gpu": count or 1}}},
    )
    yield from _derive_capabilities(ground)
    if "CUDA_VISIBLE_DEVICES" in ground.environment:
        reason = "the image sets it, and no flag takes it back: which GPUs a container has is fixed there"
        yield LeftOut("CUDA_VISIBLE_DEVICES", reason, of_finding(FIXED_DEVICES))


def _choose_flags(ground: Ground, count: int) -> tuple[tuple[str, ...], ...]:
    """The flags by which a probe was given GPUs, where the engine took no request; else the request."""
    trials = ground.probed.trials if ground.probed is not None else None
    flags = tuple(tuple(shlex.split(flag)) for flag in trials.gpu_flags) if trials is not None else ()
    is_request = not flags or flags[0][0] == "--gpus"
    return (("--gpus", str(count) if count else "all"),) if is_request else flags


def _tell_need(ground: Ground) -> tuple[str, Source]:
    """What computes by CUDA, and where that is known from."""
    need = find_cuda_need(ground.facts)
    if need is not None:
        return f"{need.what} is built for CUDA {need.cuda}", of_files(need.evidence)
    declaration = ground.facts.find(CudaDeclaration)
    if declaration is not None and declaration.cuda_version:
        return f"the image is made for CUDA {declaration.cuda_version}", of_config("CUDA_VERSION")
    return "the image holds libraries of CUDA, or asks for a version of it", of_config("NVIDIA_REQUIRE_CUDA")


def _tell_visible(ground: Ground) -> str:
    """What the variable that the NVIDIA runtime reads does beside a request."""
    value = ground.environment.get("NVIDIA_VISIBLE_DEVICES")
    if value is None:
        return "; NVIDIA_VISIBLE_DEVICES is not set, so that without a request it gets none"
    if value == "all":
        return (
            "; NVIDIA_VISIBLE_DEVICES=all gives it every GPU of a host whose default runtime is NVIDIA's, asked or not"
        )
    return f"; the request takes the place of NVIDIA_VISIBLE_DEVICES={value[:40]}"


def _derive_capabilities(ground: Ground) -> Iterator[Setting]:
    """The variable anew, where the image's own value keeps libraries of the driver out that CUDA needs."""
    declaration = ground.facts.find(CudaDeclaration)
    given = declaration.capabilities if declaration is not None else None
    if not given or "all" in given or set(NEEDED) <= set(given):
        return
    value = ",".join(dict.fromkeys((*NEEDED, *(each for each in given if each.isalnum()))))
    missing = " and ".join(each for each in NEEDED if each not in given)
    yield make_variable(CAPABILITIES, value, f"the image's own value lacks {missing}", of_finding(LACKING_CAPABILITIES))


def make_variable(name: str, value: str, reason: str, source: Source) -> Setting:
    """A variable of the container."""
    row: dict[str, Any] = {"name": name, "value": value}
    return Setting(
        name,
        reason,
        source,
        docker=(("--env", f"{name}={value}"),),
        compose={"environment": {name: value}},
        container={"env": [row]},
    )
