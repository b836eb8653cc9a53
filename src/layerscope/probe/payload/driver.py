"""Stages `devices` and `driver`: device nodes, NVIDIA's driver library, and what both say of the GPUs."""

import os
import stat
import time
from typing import Any, Dict, List, Tuple

from layerscope.probe.payload.host_files import list_folder, list_mapped, read_text
from layerscope.probe.payload.records import shorten
from layerscope.probe.payload.stages import FailedStage, SkippedStage

DRIVER_LIBRARY = "libcuda.so.1"
MANAGEMENT_LIBRARY = "libnvidia-ml.so.1"

MOST_GPUS = 64

CODES = {
    0: "success", 1: "invalid value", 2: "out of memory", 3: "initialization error", 34: "the driver is a stub library",
    46: "devices are busy or unavailable", 100: "no CUDA-capable device is detected", 101: "invalid device ordinal",
    209: "no kernel image for this device", 218: "the PTX was refused", 221: "the PTX compiler's library is missing",
    222: "the PTX is newer than the driver", 223: "compiling PTX is switched off",
    802: "the system is not yet initialized",
    803: "the driver library does not fit the kernel module",
    804: "forward compatibility was attempted on a GPU that has none", 999: "unknown error",
}  # fmt: skip
"""Codes of the driver API (CUresult in cuda.h, CUDA 13)."""

ATTRIBUTE_MAJOR, ATTRIBUTE_MINOR, ATTRIBUTE_PROCESSORS = 75, 76, 16


def describe_devices() -> Tuple[str, Dict[str, Any]]:
    """The device nodes, and the kernel module's version."""
    nodes = [_describe_node(path) for path in _list_nodes()]
    module = read_text("/proc/driver/nvidia/version", 400).strip()
    values = {"nodes": nodes, "module": shorten(module, 300)}
    gpus = [node for node in nodes if node["path"].rpartition("nvidia")[2].isdigit()]
    if not nodes and not module:
        raise SkippedStage("no device: there is no /dev/nvidia* and no /dev/dxg")
    closed = [node["path"] for node in nodes if not node["open"]]
    if closed:
        raise FailedStage("device-closed", "{} may not be opened".format(", ".join(closed)), values)
    return f"{len(gpus)} GPUs, {len(nodes)} device nodes", values


def _list_nodes() -> List[str]:
    names = [name for name in list_folder("/dev") if name.startswith("nvidia") or name == "dxg"]
    paths = ["/dev/" + name for name in names if not os.path.isdir("/dev/" + name)]
    return paths + ["/dev/nvidia-caps/" + name for name in list_folder("/dev/nvidia-caps")]


def _describe_node(path: str) -> Dict[str, Any]:
    found: Dict[str, Any] = {"path": path, "open": False}
    try:
        status = os.stat(path)
        found["mode"] = oct(stat.S_IMODE(status.st_mode))
        found["number"] = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
        found["open"] = os.access(path, os.R_OK | os.W_OK)
    except OSError as error:
        found["error"] = error.strerror
    return found


def load_library(name: str) -> Any:
    """A library by ctypes; raises SkippedStage where this Python has none, and OSError where there is no library."""
    try:
        import ctypes
    except ImportError:
        raise SkippedStage("this Python has no ctypes, without which no library can be asked") from None
    return ctypes.CDLL(name)


def describe_driver() -> Tuple[str, Dict[str, Any]]:
    """What libcuda and NVML say; a code other than 0 fails the stage."""
    values: Dict[str, Any] = {"management": describe_management()}
    try:
        driver = load_library(DRIVER_LIBRARY)
    except OSError as error:
        values["error"] = shorten(error, 300)
        if not _list_nodes():
            raise SkippedStage("no device: no driver library, and no device node") from None
        raise FailedStage("no-driver-library", f"the driver library could not be loaded: {error}", values) from None
    values["library"] = next((path for path in list_mapped("libcuda.so") if path), None)
    began = time.monotonic()
    code = driver.cuInit(0)
    values["code"], values["seconds"] = code, round(time.monotonic() - began, 4)
    values["version"] = ask_number(driver, "cuDriverGetVersion")
    if code:
        raise FailedStage("driver-error", f"cuInit: {name_code(code)}", values)
    values["devices"] = _describe_gpus(driver)
    if not values["devices"]:
        raise FailedStage("no-gpu", "the driver works and shows no GPU", values)
    first = values["devices"][0]
    return "{}, driver for CUDA {}".format(first.get("name"), spell_version(values["version"])), values


def name_code(code: int) -> str:
    """A code with its meaning."""
    return f"{code}, {CODES[code]}" if code in CODES else f"code {code}"


def spell_version(version: Any) -> str:
    """A version of CUDA as people write it, from a thousand times the major and ten times the minor number."""
    return f"{version // 1000}.{version % 1000 // 10}" if version else "unknown"


def ask_number(library: Any, name: str, *arguments: Any) -> Any:
    """The number that a function writes to its first argument; None where it fails."""
    import ctypes

    number = ctypes.c_int(-1)
    try:
        code = getattr(library, name)(ctypes.byref(number), *arguments)
    except AttributeError:
        return None
    return number.value if not code else None


def _describe_gpus(driver: Any) -> List[Dict[str, Any]]:
    import ctypes

    found: List[Dict[str, Any]] = []
    for ordinal in range(min(ask_number(driver, "cuDeviceGetCount") or 0, MOST_GPUS)):
        device, name, size = ctypes.c_int(-1), ctypes.create_string_buffer(96), ctypes.c_size_t(0)
        if driver.cuDeviceGet(ctypes.byref(device), ordinal):
            continue
        driver.cuDeviceGetName(name, 96, device)
        driver.cuDeviceTotalMem_v2(ctypes.byref(size), device)
        numbers = [
            ask_number(driver, "cuDeviceGetAttribute", attribute, device)
            for attribute in (ATTRIBUTE_MAJOR, ATTRIBUTE_MINOR, ATTRIBUTE_PROCESSORS)
        ]
        found.append({
            "name": name.value.decode("utf-8", "replace"),
            "compute_capability": f"{numbers[0]}.{numbers[1]}",
            "processors": numbers[2],
            "memory": size.value,
        })  # fmt: skip
    return found


def describe_management() -> Dict[str, Any]:
    """What NVML says: the driver's version, and memory of each GPU in bytes."""
    try:
        library = load_library(MANAGEMENT_LIBRARY)
    except OSError as error:
        return {"error": shorten(error, 300)}
    import ctypes

    try:
        code = library.nvmlInit_v2()
        found: Dict[str, Any] = {"code": code}
        text = ctypes.create_string_buffer(96)
        if not code and not library.nvmlSystemGetDriverVersion(text, 96):
            found["driver"] = text.value.decode("utf-8", "replace")
    except AttributeError as error:
        return {"error": shorten(error, 300)}
    return found
