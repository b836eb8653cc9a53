"""Why a verdict is what it is, in one sentence without a full stop."""

from collections.abc import Iterable
from typing import Final

from layerscope.facts.cuda.cuda_need import CudaNeed
from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, LibraryVerdict, Verdict
from layerscope.policies.cuda_libraries import LibraryRole

SHOWN: Final = 3
"""Libraries that a sentence names."""


def tell_reason(verdict: GpuVerdict, capability: int) -> str:
    """The sentence for what the code alone says."""
    sm = f"sm_{capability}"
    match verdict.verdict:
        case Verdict.NO_CODE:
            return "no library of the image holds device code"
        case Verdict.NATIVE:
            return f"{_names(_deciding(verdict, Verdict.NATIVE))} has machine code that runs on {sm}"
        case Verdict.JIT:
            names = _names(_deciding(verdict, Verdict.JIT))
            since = verdict.minimum_driver or "an unknown driver"
            return f"{names} has only PTX for {sm}: the driver compiles it at first use, from {since} on"
        case Verdict.PARTIAL if verdict.cause is Cause.PTX_TOO_NEW:
            return f"the PTX of {_names(verdict.lacking)} is newer than driver {verdict.driver} compiles"
        case Verdict.PARTIAL:
            return _tell_lacking(verdict.lacking, sm)
        case Verdict.NONE if verdict.cause is Cause.PTX_TOO_NEW:
            names = _names(_deciding(verdict, Verdict.NONE))
            return f"{names} has only PTX for {sm}, which is newer than driver {verdict.driver} compiles"
        case Verdict.NONE:
            return _tell_none(verdict, sm)


def tell_driver_too_old(driver: str, floor: str, need: CudaNeed | None) -> str:
    """The driver is below the floor."""
    needed = f"CUDA {need.cuda} of {need.what}" if need else "the image's CUDA"
    return f"driver {driver} is older than {floor}, the oldest with which {needed} starts"


def tell_driver_too_new(driver: str, verdict: GpuVerdict) -> str:
    """The driver has dropped the GPU."""
    last = f"R{verdict.last_branch} is the last that does"
    return f"driver {driver} does not know {verdict.architecture} GPUs any more: {last}"


def tell_driver_before(driver: str, first: str, verdict: GpuVerdict) -> str:
    """The driver is older than the GPU."""
    capability = verdict.compute_capability
    return f"driver {driver} does not know compute capability {capability} yet: {first} is the first that does"


def tell_host_processor(host: str, architecture: str) -> str:
    """The image's programs do not start where the GPU is."""
    return f"its host's processor is {host}, the image is for {architecture}"


def _tell_none(verdict: GpuVerdict, sm: str) -> str:
    failing = _deciding(verdict, Verdict.NONE)
    held = failing[0].targets if failing else ()
    sentence = f"{_names(failing)} has no device code that runs on {sm}, only {_shorten(held)}"
    if verdict.cause is Cause.ARCHITECTURE:
        return (
            f"{sentence}; CUDA {verdict.cuda} compiles nothing for {verdict.architecture} any more, whatever the driver"
        )
    return sentence


def _tell_lacking(lacking: Iterable[LibraryVerdict], sm: str) -> str:
    """The libraries that fall short, the core of a framework and the worst first, with what they give."""
    ordered = sorted(lacking, key=lambda each: (each.role is not None and bool(each.gives), each.share, each.path))
    told = [f"{each.gives} ({each.name})" if each.gives else each.name for each in ordered]
    more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    return f"no or little device code that runs on {sm} for {'; '.join(told[:SHOWN])}{more}"


def _deciding(verdict: GpuVerdict, wanted: Verdict) -> list[LibraryVerdict]:
    """Of the libraries with that verdict, the cores of frameworks; without one, those of unknown use; or all."""
    found = [each for each in verdict.libraries if each.verdict is wanted]
    cores = [each for each in found if each.role is LibraryRole.CORE]
    return cores or [each for each in found if each.role is None] or found


def _names(libraries: Iterable[LibraryVerdict]) -> str:
    names = list(dict.fromkeys(each.name for each in libraries))
    if not names:
        return "the image"
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _shorten(targets: tuple[str, ...]) -> str:
    return ", ".join(targets) if targets else "for none that is known"
