"""Codes that the CUDA driver gives as it starts: what each comes from, what to do, and what causes it in an image."""

from typing import Final

from msgspec import Struct


class CodeCause(Struct, frozen=True):
    """A code's cause: a word for it, a sentence, what to do, and the rules that find it in an image's files."""

    name: str
    reason: str
    cure: str
    rules: tuple[str, ...] = ()


_COMPAT: Final = ("compat-library-on-path", "baked-driver-library")

CODES: Final = {
    3: CodeCause(
        "not-initialised",
        "the driver could not be initialised",
        "Start the container anew; look at `dmesg` on the host for NVRM",
    ),
    34: CodeCause(
        "stub-library",
        "a stub of libcuda was loaded instead of the driver",
        "Take the stubs directory out of LD_LIBRARY_PATH and ld.so.conf",
        ("cuda-stub-on-path", "baked-driver-library"),
    ),
    35: CodeCause(
        "driver-too-old",
        "the driver is older than the CUDA that asks it",
        "Update the host's driver, or use an image with an older CUDA",
        ("driver-below-floor", "refused-driver"),
    ),
    46: CodeCause(
        "busy-gpu",
        "the GPU is busy or in exclusive use, or is in MIG mode without an instance",
        "End what uses it, or give another one: --gpus",
    ),
    100: CodeCause(
        "no-device",
        "the driver shows no GPU to this container",
        "Look at NVIDIA_VISIBLE_DEVICES and CUDA_VISIBLE_DEVICES",
        ("hard-coded-visible-devices",),
    ),
    101: CodeCause(
        "unknown-device",
        "a GPU was named that is not there",
        "Look at CUDA_VISIBLE_DEVICES",
        ("hard-coded-visible-devices",),
    ),
    209: CodeCause(
        "architecture",
        "the device code is for other GPUs than this one",
        "Install a build that lists this GPU's compute capability",
        ("missing-device-code", "dropped-architecture"),
    ),
    218: CodeCause(
        "refused-ptx", "the driver refuses the probe's PTX", "Update the host's driver", ("ptx-newer-than-driver",)
    ),
    221: CodeCause(
        "no-ptx-compiler",
        "the driver's compiler, libnvidia-ptxjitcompiler.so.1, is not in the container",
        "Set NVIDIA_DRIVER_CAPABILITIES=compute,utility in the image",
        ("missing-driver-capabilities",),
    ),
    222: CodeCause(
        "newer-ptx",
        "the driver is older than the PTX that it is given",
        "Update the host's driver",
        ("ptx-newer-than-driver",),
    ),
    223: CodeCause(
        "disabled-compilation",
        "compiling device code is switched off",
        "Take CUDA_DISABLE_PTX_JIT and CUDA_DISABLE_JIT out of the environment",
        ("disabled-compilation",),
    ),
    802: CodeCause(
        "fabric-down",
        "the NVSwitch fabric is not up",
        "Start nvidia-fabricmanager of the driver's version on the host",
    ),
    803: CodeCause(
        "foreign-driver-library",
        "the libcuda that was loaded does not fit the host's kernel module",
        "Take the compat directory out of LD_LIBRARY_PATH and ld.so.conf, and libcuda.so.1 out of the image",
        _COMPAT,
    ),
    804: CodeCause(
        "no-forward-compatibility",
        "libcuda of a compat package is in front on a GPU that has no forward compatibility",
        "Take the compat directory out of LD_LIBRARY_PATH, or update the host's driver",
        _COMPAT,
    ),
    999: CodeCause("no-unified-memory", "the driver cannot use nvidia-uvm", "On the host: nvidia-modprobe -u -c0"),
}
"""By CUresult, see cuda.h; what they come from: https://docs.nvidia.com/cuda/cuda-driver-api/ and the threads in
`layerscope explain`."""
