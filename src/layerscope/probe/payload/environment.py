"""Stage `env`: who runs here, inside which limits, and what it may write."""

import os
import resource
import sys
from typing import Any, Dict, List, Optional, Tuple

from layerscope.probe.payload.host_files import list_folder, read_fields, read_number, read_text
from layerscope.probe.payload.records import shorten
from layerscope.probe.payload.resources import describe_cgroup, describe_mounts, describe_network, describe_threads

SHOWN_PREFIXES = (
    "NVIDIA_",
    "CUDA_",
    "NCCL_",
    "LD_",
    "HF_",
    "TRANSFORMERS_",
    "VLLM_",
    "OMP_",
    "MKL_",
    "PYTHON",
    "TORCH_",
)
SHOWN_NAMES = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "XDG_CACHE_HOME", "VIRTUAL_ENV")
SECRET_WORDS = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "KEY", "CREDENTIAL", "AUTH")
"""Variables with one of these words in their name are named without their value."""

CGROUP_V1 = 1 << 62
"""Memory limits of cgroup v1 from here on mean none."""


def describe_environment() -> Tuple[str, Dict[str, Any]]:
    """What this process is and may do."""
    values: Dict[str, Any] = {
        "python": describe_python(),
        "system": describe_system(),
        "identity": describe_identity(),
        "isolation": describe_isolation(),
        "limits": describe_limits(),
        "places": describe_places(),
        "text": describe_text(),
        "variables": describe_variables(),
        "mounts": describe_mounts(),
        "network": describe_network(),
        "threads": describe_threads(),
        "cgroup": describe_cgroup(),
    }
    user = values["identity"]
    return "Python {} as uid {}".format(values["python"]["version"], user["uid"]), values


def describe_python() -> Dict[str, Any]:
    """The interpreter."""
    import platform

    return {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "base_prefix": getattr(sys, "base_prefix", sys.prefix),
        "bits": 64 if sys.maxsize > 1 << 32 else 32,
        "has_gil": bool(getattr(sys, "_is_gil_enabled", lambda: True)()),
        "path": [shorten(each, 300) for each in sys.path[:64]],
    }


def describe_system() -> Dict[str, Any]:
    """Kernel, C library and processors."""
    import platform

    libc = platform.libc_ver()
    return {
        "kernel": platform.release(),
        "machine": platform.machine(),
        "libc": " ".join(part for part in libc if part),
        "processors": os.cpu_count(),
        "usable_processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
    }


def describe_identity() -> Dict[str, Any]:
    """User and groups, and whether the image knows the user by name."""
    uid = os.getuid()
    rows = [line.split(":") for line in read_text("/etc/passwd").splitlines()]
    entry = next((row for row in rows if len(row) > 6 and row[2] == str(uid)), None)
    return {
        "uid": uid,
        "gid": os.getgid(),
        "groups": sorted(os.getgroups())[:64],
        "name": entry[0] if entry else None,
        "home": os.environ.get("HOME"),
        "folder": _current_folder(),
    }


def _current_folder() -> Optional[str]:
    try:
        return os.getcwd()
    except OSError:
        return None


def describe_isolation() -> Dict[str, Any]:
    """Capabilities, seccomp and namespaces as the kernel tells them."""
    status = read_fields("/proc/self/status")
    spaces: Dict[str, str] = {}
    for name in list_folder("/proc/self/ns"):
        try:
            spaces[name] = os.readlink("/proc/self/ns/" + name)
        except OSError:
            continue
    root = read_text("/proc/self/mounts").splitlines()
    options = next((line.split()[3] for line in root if len(line.split()) > 3 and line.split()[1] == "/"), None)
    return {
        "capabilities": status.get("CapEff", ""),
        "bounding": status.get("CapBnd", ""),
        "no_new_privileges": status.get("NoNewPrivs") == "1",
        "seccomp": {"0": "off", "1": "strict", "2": "filter"}.get(status.get("Seccomp", ""), "unknown"),
        "user_map": " ".join(read_text("/proc/self/uid_map").split()),
        "label": read_text("/proc/self/attr/current", 400).strip("\0\n "),
        "namespaces": spaces,
        "read_only_root": None if options is None else "ro" in options.split(","),
        "is_container": os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv"),
    }


def describe_limits() -> Dict[str, Any]:
    """Limits of the cgroup, in bytes and processors, and of the process."""
    return {
        "memory": _first_number("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        "memory_used": _first_number("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
        "processors": _quota(),
        "pids": _first_number("/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"),
        "throttled": read_events("/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat").get("nr_throttled"),
        "out_of_memory_kills": read_events("/sys/fs/cgroup/memory.events").get("oom_kill"),
        "memlock": _soft("RLIMIT_MEMLOCK"),
        "stack": _soft("RLIMIT_STACK"),
        "files": _soft("RLIMIT_NOFILE"),
        "address_space": _soft("RLIMIT_AS"),
    }


def read_events(*paths: str) -> Dict[str, int]:
    """Counters of a cgroup, out of the first file that is there."""
    for path in paths:
        rows = [line.split() for line in read_text(path).splitlines()]
        found = {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}
        if found:
            return found
    return {}


def _first_number(*paths: str) -> Optional[int]:
    numbers = [number for number in map(read_number, paths) if number is not None]
    return numbers[0] if numbers and numbers[0] < CGROUP_V1 else None


def _quota() -> Optional[float]:
    """Processors that the cgroup may use at once."""
    parts = read_text("/sys/fs/cgroup/cpu.max").split()
    if len(parts) == 2 and parts[0].isdigit() and parts[1].isdigit():
        return round(int(parts[0]) / float(parts[1]), 2)
    quota, period = (
        read_number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
        read_number("/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
    )
    return round(quota / float(period), 2) if quota and period and quota > 0 else None


def _soft(name: str) -> Optional[int]:
    limit = resource.getrlimit(getattr(resource, name))[0]
    return None if limit == resource.RLIM_INFINITY else limit


def describe_places() -> Dict[str, Any]:
    """Folders that programs write to: whether they can, and how much room there is."""
    home = os.environ.get("HOME", "")
    cache = os.environ.get("XDG_CACHE_HOME") or (os.path.join(home, ".cache") if home else "")
    wanted = (("home", home), ("cache", cache), ("tmp", os.environ.get("TMPDIR") or "/tmp"), ("shm", "/dev/shm"))  # noqa: S108 -- what programs use
    return {name: describe_place(path) for name, path in wanted if path}


def describe_place(path: str) -> Dict[str, Any]:
    """One folder; a missing one is judged by the nearest that is there."""
    nearest = path
    while not os.path.isdir(nearest) and nearest not in {"", "/"}:
        nearest = os.path.dirname(nearest)
    found: Dict[str, Any] = {"path": path, "exists": os.path.isdir(path), "writable": _may_write(nearest)}
    try:
        room = os.statvfs(nearest or "/")
        found["bytes"] = room.f_frsize * room.f_blocks
        found["free"] = room.f_frsize * room.f_bavail
        found["free_files"] = room.f_favail
    except OSError:
        pass
    return found


def _may_write(folder: str) -> bool:
    """Whether a file can be made there, by making one: permissions alone do not tell of a read-only mount."""
    path = os.path.join(folder or "/", f".layerscope-{os.getpid()}")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        os.unlink(path)
    except OSError:
        return False
    return True


def describe_text() -> Dict[str, Any]:
    """How texts become bytes, and whether output goes to a terminal."""
    import locale

    return {
        "file_names": sys.getfilesystemencoding(),
        "stdout": getattr(sys.stdout, "encoding", None),
        "preferred": locale.getpreferredencoding(False),
        "is_terminal": bool(sys.stdout and sys.stdout.isatty()),
    }


def describe_variables() -> Dict[str, str]:
    """Variables that steer what is probed; secrets by name alone."""
    shown: Dict[str, str] = {}
    for name in sorted(os.environ):
        if name in SHOWN_NAMES or name.startswith(SHOWN_PREFIXES):
            is_secret = any(word in name.upper() for word in SECRET_WORDS)
            shown[name] = "(not shown)" if is_secret else shorten(os.environ[name], 400)
    return shown


def find_harmful_variables() -> List[str]:
    """Variables that make the loader run foreign code in every process."""
    return [name for name in ("LD_PRELOAD", "LD_AUDIT") if os.environ.get(name)]
