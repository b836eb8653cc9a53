"""The cause tree for "CUDA is not available": nodes, library, the driver's own code, version, build, in that order."""

from typing import Any, Final

from msgspec import Struct

from layerscope.probe.observation import Observation, StageResult

_ON_CUDA: Final = frozenset({"devices", "driver", "kernel", "device"})

_DRIVER_CODES: Final = {
    3: ("the driver could not be initialised", "Start the container anew; look at `dmesg` on the host for NVRM"),
    34: ("a stub of libcuda was loaded instead of the driver", "Take the stubs directory out of LD_LIBRARY_PATH"),
    46: ("the GPU is busy or in exclusive use", "End what uses it, or give another one: --gpus"),
    100: ("the driver shows no GPU to this container", "Look at NVIDIA_VISIBLE_DEVICES and CUDA_VISIBLE_DEVICES"),
    101: ("a GPU was named that is not there", "Look at CUDA_VISIBLE_DEVICES"),
    802: ("the NVSwitch fabric is not up", "Start nvidia-fabricmanager of the driver's version on the host"),
    803: (
        "the libcuda that was loaded does not fit the host's kernel module",
        "Take the compat directory out of LD_LIBRARY_PATH and ld.so.conf, and libcuda.so.1 out of the image",
    ),
    804: (
        "libcuda of a compat package is in front on a GPU that has no forward compatibility",
        "Take the compat directory out of LD_LIBRARY_PATH, or update the host's driver",
    ),
    999: ("the driver cannot use nvidia-uvm", "On the host: nvidia-modprobe -u -c0"),
}
"""What a code of cuInit comes from, and what to do; the codes are those of cuda.h."""


_NO_DEVICE: Final = 100


class Cause(Struct, frozen=True):
    """Why there is no CUDA, and what to do."""

    reason: str
    cures: tuple[str, ...] = ()


def find_cuda_cause(seen: Observation, broken: StageResult) -> Cause | None:
    """The cause of a stage that broke on the way to the GPU; None where it broke for another reason."""
    if broken.name not in _ON_CUDA or (broken.name == "device" and broken.kind != "cuda-unavailable"):
        return None
    for find in (_find_in_devices, _find_in_driver, _find_in_build):
        cause = find(seen)
        if cause is not None:
            return cause
    return None


def _values(seen: Observation, name: str) -> dict[str, Any]:
    stage = seen.find(name)
    return stage.values if stage is not None else {}


def _find_in_devices(seen: Observation) -> Cause | None:
    stage, driver = seen.find("devices"), seen.find("driver")
    if stage is None:
        return None
    is_silent = driver is None or not driver.is_broken or driver.values.get("code") == _NO_DEVICE
    if stage.status == "skipped" and is_silent:
        return Cause("no GPU was given to the container: it has no /dev/nvidia*", ("Give it one: --gpus all",))
    if stage.kind == "device-closed":
        return Cause(
            f"{stage.detail} by this user", ("Let the container's user open the nodes, or name them with --device",)
        )
    return None


def _find_in_driver(seen: Observation) -> Cause | None:
    stage, values = seen.find("driver"), _values(seen, "driver")
    if stage is None or not stage.is_broken:
        return None
    if stage.kind == "no-driver-library":
        return Cause(
            "the GPU's device nodes are there, and libcuda.so.1 is not",
            ("Set NVIDIA_DRIVER_CAPABILITIES=compute,utility in the image",),
        )
    code = values.get("code")
    if isinstance(code, int) and code in _DRIVER_CODES:
        reason, cure = _DRIVER_CODES[code]
        return Cause(f"{reason} (cuInit: {code})", (cure,))
    return None


def _find_in_build(seen: Observation) -> Cause | None:
    """Whether PyTorch was built for a GPU at all, and for one as old as the driver."""
    torch, driver = _values(seen, "imports").get("torch"), _values(seen, "driver").get("version")
    if not isinstance(torch, dict) or not torch:
        return None
    if not torch.get("cuda"):
        return Cause("PyTorch in this image was built without CUDA", ("Install a CUDA build of torch",))
    built = str(torch["cuda"]).partition(".")[0]
    if isinstance(driver, int) and built.isdigit() and driver // 1000 < int(built):
        return Cause(
            f"the driver serves CUDA {driver // 1000}.{driver % 1000 // 10}, and PyTorch was built for {torch['cuda']}",
            ("Update the host's driver, or install torch for an older CUDA",),
        )
    return None
