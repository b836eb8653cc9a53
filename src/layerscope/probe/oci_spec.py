"""An OCI runtime's config.json, made from the same confinement as an engine's settings.

https://github.com/opencontainers/runtime-spec/blob/main/config.md
"""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from layerscope.probe.confinement import TMP, Confinement
from layerscope.probe.system_calls import build_seccomp
from layerscope.recipe.memory_volume import SHM

NAMESPACES: Final = ("mount", "pid", "network", "ipc", "uts")
DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")

MASKED: Final = (
    "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
    "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
)  # fmt: skip
READ_ONLY: Final = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
"""What Docker hides and what it locks: `DefaultSpec` of moby's oci/defaults.go."""


class Bind(Struct, frozen=True):
    """A file or folder of the host that the container sees, read-only unless it is a device."""

    source: str
    target: str
    is_device: bool = False


class Start(Struct, frozen=True):
    """What is started in the image: the command, its environment and its folder."""

    command: Sequence[str]
    environment: Sequence[str]
    folder: str = "/"


def build_oci_spec(confinement: Confinement, start: Start, binds: Sequence[Bind], *, name: str) -> dict[str, Any]:
    """The whole document."""
    user, _, group = confinement.user.partition(":")
    kept = [f"CAP_{each}" for each in confinement.capabilities if each != "MKNOD"]
    return {
        "ociVersion": "1.0.2",
        "hostname": "layerscope",
        "root": {"path": "rootfs", "readonly": confinement.read_only},
        "process": {
            "terminal": False,
            "user": {"uid": int(user), "gid": int(group or user)},
            "args": list(start.command),
            "env": list(start.environment),
            "cwd": start.folder,
            "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), kept),
            "noNewPrivileges": confinement.no_new_privileges,
            "rlimits": [{"type": "RLIMIT_CORE", "hard": 0, "soft": 0}],
        },
        "mounts": [*_build_mounts(confinement), *map(_build_bind, binds)],
        "linux": {
            "namespaces": [{"type": each} for each in NAMESPACES],
            "cgroupsPath": f"/layerscope-{name}",
            "resources": {
                "memory": {"limit": confinement.limits.memory, "swap": confinement.limits.memory},
                "pids": {"limit": confinement.limits.pids},
                "devices": [{"allow": False, "access": "rwm"}, *_allow_devices(binds)],
            },
            "maskedPaths": list(MASKED),
            "readonlyPaths": list(READ_ONLY),
            "seccomp": build_seccomp(platform.machine()),
        },
    }


def _allow_devices(binds: Sequence[Bind]) -> list[dict[str, Any]]:
    """The device nodes that are bound; the runtime adds those that every container has."""
    numbers = [Path(bind.source).stat().st_rdev for bind in binds if bind.is_device]
    return [
        {"allow": True, "type": "c", "major": os.major(number), "minor": os.minor(number), "access": "rwm"}
        for number in numbers
    ]


def _build_mounts(confinement: Confinement) -> list[dict[str, Any]]:
    closed = ["nosuid", "noexec", "nodev"]
    return [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": closed},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=64k"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": [*closed, "ro"]},
        {
            "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
            "options": [*closed, "relatime", "ro"],
        },
        {
            "destination": SHM, "type": "tmpfs", "source": "shm",
            "options": [*closed, "mode=1777", f"size={confinement.limits.shm}"],
        },
        {
            "destination": TMP, "type": "tmpfs", "source": "tmpfs",
            "options": [each for each in confinement.tmp_options.split(",") if each != "exec"],
        },
    ]  # fmt: skip


def _build_bind(bind: Bind) -> dict[str, Any]:
    options = ["bind", "nosuid", "noexec"] if bind.is_device else ["bind", "ro", "nosuid", "nodev"]
    return {"destination": bind.target, "type": "bind", "source": bind.source, "options": options}
