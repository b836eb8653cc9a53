"""Asks the NVIDIA driver's own libraries, in a process of its own: a broken driver may hang or crash whoever asks.

It is run by path, needs the standard library alone, and prints one JSON object.
"""

import ctypes
import json
from collections.abc import Callable
from typing import Any, Final

NAME_SIZE: Final = 96
"""Bytes for a GPU's name: NVML_DEVICE_NAME_V2_BUFFER_SIZE."""
MAX_GPUS: Final = 64
MAJOR_ATTRIBUTE: Final = 75
MINOR_ATTRIBUTE: Final = 76
"""CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR of cuda.h."""


def read_nvml(library: Any) -> dict[str, Any]:
    """Driver version and GPUs, as libnvidia-ml.so.1 tells them; `code` is that of nvmlInit_v2."""
    code = library.nvmlInit_v2()
    if code:
        return {"code": code}
    text = ctypes.create_string_buffer(NAME_SIZE)
    version = None
    if not library.nvmlSystemGetDriverVersion(text, NAME_SIZE):
        version = text.value.decode(errors="replace")
    count = ctypes.c_uint(0)
    library.nvmlDeviceGetCount_v2(ctypes.byref(count))
    gpus = []
    for number in range(min(count.value, MAX_GPUS)):
        handle = ctypes.c_void_p()
        if library.nvmlDeviceGetHandleByIndex_v2(number, ctypes.byref(handle)):
            continue
        major, minor = ctypes.c_int(0), ctypes.c_int(0)
        name = ctypes.create_string_buffer(NAME_SIZE)
        library.nvmlDeviceGetName(handle, name, NAME_SIZE)
        known = not library.nvmlDeviceGetCudaComputeCapability(handle, ctypes.byref(major), ctypes.byref(minor))
        gpus.append(_tell_gpu(name.value, (major.value, minor.value) if known else None))
    return {"code": 0, "version": version, "gpus": gpus}


def read_cuda(library: Any) -> dict[str, Any]:
    """The driver's CUDA version and its GPUs, as libcuda.so.1 tells them; `code` is that of cuInit."""
    version = ctypes.c_int(0)
    library.cuDriverGetVersion(ctypes.byref(version))
    code = library.cuInit(0)
    found: dict[str, Any] = {"code": code, "cuda": version.value, "gpus": []}
    count = ctypes.c_int(0)
    if code or library.cuDeviceGetCount(ctypes.byref(count)):
        return found
    for number in range(min(count.value, MAX_GPUS)):
        device = ctypes.c_int(0)
        if library.cuDeviceGet(ctypes.byref(device), number):
            continue
        name = ctypes.create_string_buffer(NAME_SIZE)
        library.cuDeviceGetName(name, NAME_SIZE, device)
        values = [ctypes.c_int(0), ctypes.c_int(0)]
        for value, attribute in zip(values, (MAJOR_ATTRIBUTE, MINOR_ATTRIBUTE), strict=True):
            library.cuDeviceGetAttribute(ctypes.byref(value), attribute, device)
        found["gpus"].append(_tell_gpu(name.value, (values[0].value, values[1].value)))
    return found


def _tell_gpu(name: bytes, capability: tuple[int, int] | None) -> dict[str, Any]:
    major, minor = capability or (0, 0)
    return {"name": name.decode(errors="replace"), "capability": f"{major}.{minor}" if major else None}


def ask(load: Callable[[str], Any], name: str, read: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """What a library tells, or why it tells nothing."""
    try:
        return read(load(name))
    except (OSError, AttributeError, ValueError) as error:
        return {"problem": str(error)}


def main() -> None:
    """Ask both libraries and print what they say."""
    answers = {
        "nvml": ask(ctypes.CDLL, "libnvidia-ml.so.1", read_nvml),
        "cuda": ask(ctypes.CDLL, "libcuda.so.1", read_cuda),
    }
    print(json.dumps(answers))  # noqa: T201 - its parent reads standard output


if __name__ == "__main__":
    main()
