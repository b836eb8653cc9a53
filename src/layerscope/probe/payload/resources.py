"""What the kernel gives to this process: cgroups, mounts, network interfaces, and what is said of threads."""

import os
import re
from typing import Any, Dict, List, Optional

from layerscope.probe.payload.host_files import list_folder, read_text

MOST_MOUNTS = 40
KERNEL_TYPES = frozenset((
    "proc", "sysfs", "devpts", "mqueue", "cgroup", "cgroup2", "devtmpfs", "securityfs", "debugfs", "tracefs", "bpf",
    "pstore", "configfs", "fusectl", "hugetlbfs", "binfmt_misc", "nsfs", "autofs",
))  # fmt: skip
"""File systems that hold no files of anybody."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
OCTAL = re.compile(r"\\([0-7]{3})")


def describe_cgroup() -> str:
    """`v1`, `v2`, or nothing where no cgroup is to be seen."""
    if os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        return "v2"
    return "v1" if list_folder("/sys/fs/cgroup") else ""


def describe_mounts() -> List[Dict[str, Any]]:
    """Where files of others than the image are mounted: volumes, binds, and file systems in memory."""
    found: List[Dict[str, Any]] = []
    for line in read_text("/proc/self/mounts").splitlines():
        fields = line.split()
        if len(fields) < 4 or fields[1] == "/" or fields[2] in KERNEL_TYPES:
            continue
        path = OCTAL.sub(lambda match: chr(int(match.group(1), 8)), fields[1])
        if path.startswith(("/proc/", "/sys/")) or (path.startswith("/dev") and path != "/dev/shm"):  # noqa: S108 -- what is there
            continue
        options = fields[3].split(",")
        found.append({"path": path, "type": fields[2], "read_only": "ro" in options, "noexec": "noexec" in options})
    return found[:MOST_MOUNTS]


def describe_network() -> List[str]:
    """The names of network interfaces; `lo` alone means no network."""
    return list_folder("/sys/class/net")


def describe_threads() -> Dict[str, Optional[int]]:
    """How many threads libraries are told to start, by variable."""
    found: Dict[str, Optional[int]] = {}
    for name in THREAD_VARIABLES:
        value = os.environ.get(name, "")
        if value:
            found[name] = int(value) if value.isdigit() else None
    return found
