"""How a container is given GPUs: by CDI, by a device request, or by NVIDIA's runtime, whichever the engine offers."""

import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

ALL_CDI: Final = "nvidia.com/gpu=all"


class GpuAccess(Struct, frozen=True):
    """One way: what it adds to a container's settings, and the flags of a command line that do the same."""

    name: str
    host: dict[str, Any] = {}
    """Added to the `HostConfig`."""
    environment: dict[str, str] = {}
    flags: tuple[str, ...] = ()


NO_GPU: Final = GpuAccess("")
CDI: Final = GpuAccess(
    "CDI", {"DeviceRequests": [{"Driver": "cdi", "DeviceIDs": [ALL_CDI]}]}, flags=(f"--device {ALL_CDI}",)
)
"""https://docs.docker.com/build/building/cdi/; Docker from 25 on."""
PODMAN_DEVICE: Final = GpuAccess("a CDI device", {"Devices": [{"PathOnHost": ALL_CDI}]}, flags=(f"--device {ALL_CDI}",))
"""Podman takes a device's CDI name where Docker takes a path; older ones take it for a path and refuse it."""
REQUEST: Final = GpuAccess(
    "a device request",
    {"DeviceRequests": [{"Driver": "", "Count": -1, "Capabilities": [["gpu"]], "Options": {}}]},
    flags=("--gpus all",),
)
RUNTIME: Final = GpuAccess(
    "the nvidia runtime",
    {"Runtime": "nvidia"},
    {"NVIDIA_VISIBLE_DEVICES": "all", "NVIDIA_DRIVER_CAPABILITIES": "compute,utility"},
    flags=("--runtime nvidia", "--env NVIDIA_VISIBLE_DEVICES=all"),
)

ACCESSES: Final = {each.name: each for each in (CDI, PODMAN_DEVICE, REQUEST, RUNTIME)}


def split_refusals(text: str) -> list[str]:
    """The refusals of several ways, one by one."""
    names = "|".join(re.escape(name) for name in ACCESSES)
    return re.split(f"; (?=(?:{names}): )", text)


def list_accesses(info: object, *, is_podman: bool, is_asked: bool) -> tuple[GpuAccess, ...]:
    """The ways that an engine offers by its own account (`/info`), best first; where GPUs are asked for, at least one.

    A device request needs a hook that no engine tells of, so it is tried where anything speaks for a GPU.
    """
    answer: Mapping[str, Any] = info if isinstance(info, dict) else {}
    devices = answer.get("DiscoveredDevices") or []
    has_cdi = any("nvidia.com/gpu" in str(each.get("ID", "")) for each in devices if isinstance(each, dict))
    has_runtime = "nvidia" in (answer.get("Runtimes") or {})
    if is_podman:  # what it does not know of a device request it ignores, and starts without a GPU
        return (PODMAN_DEVICE, CDI) if has_cdi or is_asked else ()
    found = [*([CDI] if has_cdi else []), *([REQUEST] if has_cdi or has_runtime or is_asked else [])]
    if is_asked and not has_cdi and answer.get("CDISpecDirs"):
        found.append(CDI)
    return (*found, *([RUNTIME] if has_runtime else []))
