"""What a stage has taken of memory: of the GPU as PyTorch, the driver and NVML tell it, of the host as the kernel does.

Nothing is imported and no context is made for it: what is not there yet is not asked. Free memory of a GPU is what the
driver estimates at that moment, and others may use the same GPU.
"""

import os
import sys
from typing import Any, Dict, Optional

from layerscope.probe.payload.driver import DRIVER_LIBRARY, MANAGEMENT_LIBRARY
from layerscope.probe.payload.environment import CGROUP_V1, read_events
from layerscope.probe.payload.host_files import list_mapped, read_fields, read_number

_V2, _V1 = "/sys/fs/cgroup/", "/sys/fs/cgroup/memory/"
_OWN_PROCESS = "/proc/self/status"


def measure_memory() -> Dict[str, Any]:
    """Bytes, compact: `rss` and `rss_peak` of this process, `cgroup` with its limit, `gpu` where a context is."""
    found: Dict[str, Any] = {
        "rss": _read_kilobytes("VmRSS"),
        "rss_peak": _read_kilobytes("VmHWM"),
        "cgroup": measure_cgroup(),
    }
    try:
        found["gpu"] = _measure_gpu()
    except Exception as error:  # noqa: BLE001 -- foreign code; a stage must not fail for what is measured beside it
        found["error"] = type(error).__name__
    return {name: value for name, value in found.items() if value}


def _read_kilobytes(name: str) -> Optional[int]:
    parts = read_fields(_OWN_PROCESS).get(name, "").split()
    return int(parts[0]) * 1024 if parts and parts[0].isdigit() else None


def measure_cgroup() -> Dict[str, int]:
    """`used` without what the kernel can drop again, `peak` with it, `limit`, and how often the kernel ended a process.

    https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
    """
    used = read_number(_V2 + "memory.current")
    if used is not None:
        rows, limit, peak = read_events(_V2 + "memory.stat"), read_number(_V2 + "memory.max"), _V2 + "memory.peak"
        cached = rows.get("inactive_file", 0) + rows.get("active_file", 0)
        kills = read_events(_V2 + "memory.events").get("oom_kill")
    else:
        used, limit = read_number(_V1 + "memory.usage_in_bytes"), read_number(_V1 + "memory.limit_in_bytes")
        rows, peak = read_events(_V1 + "memory.stat"), _V1 + "memory.max_usage_in_bytes"
        cached = rows.get("total_inactive_file", 0) + rows.get("total_active_file", 0)
        kills = read_events(_V1 + "memory.oom_control").get("oom_kill")
    found = {"limit": limit if limit and limit < CGROUP_V1 else None, "peak": read_number(peak), "kills": kills}
    found["used"] = max(0, used - cached) if used is not None else None
    return {name: value for name, value in found.items() if value is not None}


def find_memory_limit() -> Optional[int]:
    """Bytes that this process can have at most: those of its cgroup, or what the host has to give."""
    limit = measure_cgroup().get("limit")
    parts = read_fields("/proc/meminfo").get("MemAvailable", "").split()
    available = int(parts[0]) * 1024 if parts and parts[0].isdigit() else None
    known = [number for number in (limit, available) if number]
    return min(known) if known else None


def _measure_gpu() -> Dict[str, int]:
    """Of the first GPU, by three sources; empty where this process has no context on it."""
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    found: Dict[str, int] = {}
    if cuda is not None and cuda.is_initialized():
        found["free"], found["total"] = cuda.mem_get_info()
        found["allocated"], found["reserved"] = cuda.memory_allocated(), cuda.memory_reserved()
        found["allocated_peak"], found["reserved_peak"] = cuda.max_memory_allocated(), cuda.max_memory_reserved()
    if found or any(list_mapped("libcuda.so")):
        found.update(_ask_driver())
    return found


def _ask_driver() -> Dict[str, int]:
    """What cuMemGetInfo says, and NVML of the same GPU, if this thread has a context: none is made."""
    import ctypes

    found: Dict[str, int] = {}
    try:
        driver = ctypes.CDLL(DRIVER_LIBRARY)
        context, device, address = ctypes.c_void_p(), ctypes.c_int(0), ctypes.create_string_buffer(32)
        if driver.cuCtxGetCurrent(ctypes.byref(context)) or not context.value:
            return found
        free, total = ctypes.c_size_t(0), ctypes.c_size_t(0)
        if not driver.cuMemGetInfo_v2(ctypes.byref(free), ctypes.byref(total)):
            found["driver_free"], found["driver_total"] = free.value, total.value
        if not driver.cuCtxGetDevice(ctypes.byref(device)) and not driver.cuDeviceGetPCIBusId(address, 32, device):
            found.update(ask_management(address.value))
    except (OSError, AttributeError):
        pass
    return found


def ask_management(address: bytes) -> Dict[str, int]:
    """What NVML says of the memory of the GPU at that PCI address; empty without NVML."""
    import ctypes

    sizes, device = (ctypes.c_ulonglong * 3)(), ctypes.c_void_p()  # nvmlMemory_t: total, free, used
    try:
        library = ctypes.CDLL(MANAGEMENT_LIBRARY)
        if library.nvmlInit_v2() or library.nvmlDeviceGetHandleByPciBusId_v2(address, ctypes.byref(device)):
            return {}
        if library.nvmlDeviceGetMemoryInfo(device, ctypes.byref(sizes)):
            return {}
    except (OSError, AttributeError):
        return {}
    return {"management_total": sizes[0], "management_used": sizes[2]}


def tell_shortage(error: BaseException) -> bool:
    """Whether an exception says that memory ran out, on a GPU or on the host."""
    words = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory", "oom when")
    is_named = isinstance(error, MemoryError) or type(error).__name__ in {"OutOfMemoryError", "ResourceExhaustedError"}
    return is_named or any(word in str(error).lower() for word in words)


def has_gpu_nodes() -> bool:
    """Whether a GPU was given to this process, whatever may be wrong with it."""
    return os.path.exists("/dev/nvidiactl") or os.path.exists("/dev/dxg")
