"""The cause tree for "CUDA is not available": what is asked in turn, until one answer explains why.

Device nodes, the driver's library, the devices that variables hide, the driver's own code, and then what PyTorch was
built for: no CUDA at all, a newer driver, other GPUs. Each branch names what was seen, and the rules that find the same
cause in the image's files.
"""

import re
from typing import Any, Final

from msgspec import Struct

from layerscope.probe.cuda_codes import CODES, MANAGEMENT_CODES
from layerscope.probe.observation import SKIPPED, Observation, StageResult

_ON_CUDA: Final = frozenset({"devices", "driver", "kernel", "device"})
_ON_DEVICE: Final = frozenset({"cuda-unavailable", "cpu-fallback"})

_NO_DEVICE: Final = 100
_NO_IMAGE: Final = "no kernel image is available"
_KERNEL_CODE: Final = re.compile(r": (\d{1,3})\b")
_BUILT_FOR: Final = re.compile(r"(?P<form>sm|compute)_(?P<major>\d{1,2})(?P<minor>\d)(?P<only>[af]?)")
_NOTHING: Final = frozenset({"", "-1", "void", "none", "NoDevFiles"})
"""Values of the two variables that mean no GPU: of the driver's own, and of the NVIDIA runtime's."""


class Cause(Struct, frozen=True):
    """Why there is no CUDA, and what to do; `name` is a word for it, `rules` find it in the image's files."""

    name: str
    reason: str
    cures: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


def find_cuda_cause(seen: Observation, broken: StageResult) -> Cause | None:
    """The cause of a stage that broke on the way to the GPU; None where it broke for another reason."""
    if _NO_IMAGE in broken.detail:
        return _find_in_architectures(seen)
    if broken.name not in _ON_CUDA or (broken.name == "device" and broken.kind not in _ON_DEVICE):
        return None
    for find in (_find_in_devices, _find_in_variables, _find_in_driver, _find_in_kernel, _find_in_build):
        cause = find(seen)
        if cause is not None:
            return cause
    return None


def _values(seen: Observation, name: str) -> dict[str, Any]:
    stage = seen.find(name)
    return stage.values if stage is not None else {}


def _variable(seen: Observation, name: str) -> str | None:
    """What a variable says in the container; None where it is not set."""
    variables = _values(seen, "env").get("variables")
    value = variables.get(name) if isinstance(variables, dict) else None
    return value if isinstance(value, str) else None


def _find_in_devices(seen: Observation) -> Cause | None:
    stage, driver = seen.find("devices"), seen.find("driver")
    if stage is None:
        return None
    is_silent = driver is None or driver.status == SKIPPED or driver.values.get("code") == _NO_DEVICE
    if stage.status == "skipped" and is_silent:
        wanted = _variable(seen, "NVIDIA_VISIBLE_DEVICES")
        if wanted is not None and wanted.strip() in _NOTHING:
            return _hide("NVIDIA_VISIBLE_DEVICES", wanted)
        if seen.is_here:
            return Cause("no-gpu-given", "no GPU is here: there is no /dev/nvidia*", ("Probe where a GPU is",))
        reason = "no GPU was given to the container: it has no /dev/nvidia*"
        return Cause("no-gpu-given", reason, ("Give it one: --gpus all",))
    if stage.kind == "device-closed":
        return Cause(
            "closed-device",
            f"{stage.detail} by this user",
            ("Let the container's user open the nodes, or name them with --device",),
        )
    return None


def _find_in_variables(seen: Observation) -> Cause | None:
    """A GPU that the driver would show, were it not told to show none, or one that is not there."""
    value, driver = _variable(seen, "CUDA_VISIBLE_DEVICES"), seen.find("driver")
    if value is None or driver is None:
        return None
    is_hidden = driver.kind == "no-gpu" or driver.values.get("code") in {_NO_DEVICE, 101}
    return _hide("CUDA_VISIBLE_DEVICES", value) if is_hidden else None


def _hide(name: str, value: str) -> Cause:
    return Cause(
        "hidden-devices",
        f'{name}="{value}" hides every GPU from the container',
        (f"Take {name} out of the image, or name GPUs that are there",),
        ("hard-coded-visible-devices",),
    )


def _find_in_driver(seen: Observation) -> Cause | None:
    stage, values = seen.find("driver"), _values(seen, "driver")
    if stage is None or not stage.is_broken:
        return None
    if stage.kind == "no-driver-library":
        return _find_missing_library(seen, stage)
    if stage.kind == "no-gpu":
        known = CODES[_NO_DEVICE]
        return Cause(known.name, known.reason, (known.cure,), known.rules)
    return _explain_code(values.get("code"), "cuInit", seen)


def _find_missing_library(seen: Observation, stage: StageResult) -> Cause:
    """Libcuda is not found, or is found and cannot be loaded, which the loader's words tell apart."""
    told = _variable(seen, "NVIDIA_DRIVER_CAPABILITIES")
    error = str(stage.values.get("error", ""))
    if error and "cannot open shared object file" not in error:
        reason = f"libcuda.so.1 is there and cannot be loaded: {error}"
        return Cause("broken-driver-library", reason, (), ("baked-driver-library", "cuda-stub-on-path"))
    wanted = f" (NVIDIA_DRIVER_CAPABILITIES={told})" if told is not None else ""
    return Cause(
        "no-driver-library",
        f"the GPU's device nodes are there, and libcuda.so.1 is not{wanted}",
        ("Set NVIDIA_DRIVER_CAPABILITIES=compute,utility in the image",),
        ("missing-driver-capabilities",),
    )


def _find_in_kernel(seen: Observation) -> Cause | None:
    """A code that a later call gave: making a context, compiling, launching."""
    stage = seen.find("kernel")
    match = _KERNEL_CODE.search(stage.detail) if stage is not None and stage.is_broken else None
    if stage is None or match is None:
        return None
    return _explain_code(int(match[1]), stage.detail.partition(":")[0], seen)


def _explain_code(code: object, call: str, seen: Observation) -> Cause | None:
    """A code of the driver in words, with the library that gave it where that matters."""
    known = CODES.get(code) if isinstance(code, int) else None
    if known is None:
        return None
    library = _values(seen, "driver").get("library")
    where = f", by {library}" if library and known.rules and "driver" in " ".join(known.rules) else ""
    nodes = [str(each.get("path", "")) for each in _values(seen, "devices").get("nodes", ())]
    if known.name == "no-unified-memory" and nodes and "/dev/nvidia-uvm" not in nodes:
        where = ", and /dev/nvidia-uvm is not in the container"
    told = _values(seen, "driver").get("management")
    number = told.get("code") if isinstance(told, dict) else None
    if number in MANAGEMENT_CODES:
        where += f"; NVML: {number}, {MANAGEMENT_CODES[number]}"
    return Cause(known.name, f"{known.reason} ({call}: {code}{where})", (known.cure,), known.rules)


def _find_in_build(seen: Observation) -> Cause | None:
    """Whether PyTorch was built for a GPU at all, for one as old as the driver, and for this one."""
    torch, driver = _values(seen, "imports").get("torch"), _values(seen, "driver").get("version")
    if not isinstance(torch, dict) or not torch:
        return None
    if not torch.get("cuda"):
        if torch.get("hip"):
            reason = f"PyTorch in this image was built for AMD's ROCm {torch['hip']}"
            return Cause("rocm-build", reason, ("Install a CUDA build of torch",))
        return Cause(
            "cpu-build",
            "PyTorch in this image was built without CUDA",
            ("Install a CUDA build of torch",),
            ("cpu-only-torch",),
        )
    built = str(torch["cuda"]).partition(".")[0]
    if isinstance(driver, int) and built.isdigit() and driver // 1000 < int(built):
        return Cause(
            "driver-too-old",
            f"the driver serves CUDA {driver // 1000}.{driver % 1000 // 10}, and PyTorch was built for {torch['cuda']}",
            ("Update the host's driver, or install torch for an older CUDA",),
            ("driver-below-floor", "refused-driver"),
        )
    return _find_in_architectures(seen)


def _find_in_architectures(seen: Observation) -> Cause | None:
    """Whether PyTorch has code for the first GPU: SASS of its generation, or PTX of an older one."""
    torch = _values(seen, "imports").get("torch")
    names = torch.get("architectures") if isinstance(torch, dict) else None
    gpus = _values(seen, "driver").get("devices")
    if not names or not gpus:
        return None
    capability = str(gpus[0].get("compute_capability", ""))
    major, _, minor = capability.partition(".")
    if not (major.isdigit() and minor.isdigit()):
        return None
    if any(runs_on(str(name), int(major), int(minor)) for name in names):
        return None
    known, built = CODES[209], ", ".join(map(str, names))
    reason = f"{gpus[0].get('name')} has compute capability {capability}, and PyTorch was built for {built}"
    return Cause(known.name, reason, (known.cure,), known.rules)


def runs_on(name: str, major: int, minor: int) -> bool:
    """Whether code called `sm_90`, `sm_90a` or `compute_90` runs on a GPU of that compute capability.

    SASS runs on its own major version from its minor version on, PTX on everything newer, and what ends in `a` on its
    own GPU alone: https://docs.nvidia.com/cuda/blackwell-compatibility-guide/
    """
    built = _BUILT_FOR.fullmatch(name)
    if built is None:
        return False
    found = int(built["major"]), int(built["minor"])
    if built["only"] == "a":
        return found == (major, minor)
    if built["form"] == "sm" or built["only"]:
        return found[0] == major and found[1] <= minor
    return found <= (major, minor)
