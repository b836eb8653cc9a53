"""What of a container's limits and surroundings breaks programs, out of what stage `env` told.

Rows 41, 43, 45, 46 and 49 of the catalogue of symptoms; what layerscope chose itself is not held against the
image.
"""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from layerscope.probe.observation import Observation

SMALL_SHM: Final = 64 << 20
"""Bytes of /dev/shm that engines give where nobody asks; NCCL and data loaders of several processes need more."""
SMALL_MEMLOCK: Final = 64 << 20
FEW_FILES: Final = 1000
FULL_DISK: Final = 64 << 20
OVERSUBSCRIBED: Final = 2
"""Threads for each processor of the quota from which on a program waits for its own threads."""


class IsolationWarning(Struct, frozen=True):
    """One thing: `kind` is a word, `text` what was seen, `cure` what to do."""

    kind: str
    text: str
    cure: str


def find_isolation_warnings(seen: Observation, *, is_ours: bool) -> tuple[IsolationWarning, ...]:
    """All of them; `is_ours` says that layerscope chose how closed the container is."""
    stage = seen.find("env")
    if stage is None or not stage.values:
        return ()
    found = [*_check_threads(seen, stage.values), *_check_places(stage.values), *_check_text(stage.values)]
    found += _check_memory(stage.values)
    if _count_gpus(seen) > 1:
        found += _check_many_gpus(stage.values)
    if not is_ours:
        found += [*_check_rights(stage.values), *_check_user(stage.values)]
    return tuple(found)


def _part(values: dict[str, Any], name: str) -> dict[str, Any]:
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def _number(values: dict[str, Any], name: str) -> float | None:
    found = values.get(name)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _count_gpus(seen: Observation) -> int:
    driver = seen.find("driver")
    devices = driver.values.get("devices") if driver is not None else None
    return len(devices) if isinstance(devices, list) else 0


def _check_threads(seen: Observation, values: dict[str, Any]) -> Iterator[IsolationWarning]:
    """Whether more threads are started than the quota of processors feeds."""
    quota = _number(_part(values, "limits"), "processors")
    if quota is None:
        return
    imports = seen.find("imports")
    torch = _part(imports.values, "torch") if imports is not None else {}
    told = {name: count for name, count in _part(values, "threads").items() if isinstance(count, int)}
    source, threads = max(
        [*told.items(), ("PyTorch", _number(torch, "threads") or 0)], key=lambda each: each[1], default=("", 0)
    )
    if not threads:
        source, threads = "this host's processors", _number(_part(values, "system"), "usable_processors") or 0
    if threads >= OVERSUBSCRIBED * quota and threads > quota:
        throttled = _number(_part(values, "limits"), "throttled")
        often = f", and it was stopped {throttled:.0f} times for that" if throttled else ""
        yield IsolationWarning(
            "cpu-quota-oversubscribed",
            f"{threads:.0f} threads ({source}) share a quota of {quota:g} processors{often}",
            f"Set OMP_NUM_THREADS={max(1, int(quota))}",
        )


def _check_places(values: dict[str, Any]) -> Iterator[IsolationWarning]:
    """Folders that take no more files."""
    for name, place in sorted(_part(values, "places").items()):
        free, files = _number(place, "free"), _number(place, "free_files")
        if not place.get("writable"):
            continue
        if free is not None and free < FULL_DISK and name != "shm":
            text = f"{place.get('path')} has {free / (1 << 20):.0f} MiB left"
            yield IsolationWarning("disk-full", text, "Give it a volume, or a larger --tmpfs")
        elif files is not None and 0 < files < FEW_FILES:
            text = f"{place.get('path')} has room for {files:.0f} more files"
            yield IsolationWarning("no-inodes", text, "Give it a volume with more inodes")


def _check_text(values: dict[str, Any]) -> Iterator[IsolationWarning]:
    """Whether text beyond ASCII can be printed."""
    encoding = str(_part(values, "text").get("preferred") or "")
    if encoding and encoding.lower().replace("-", "") != "utf8":
        text = f"texts are encoded as {encoding}: printing another letter raises UnicodeEncodeError"
        yield IsolationWarning("ascii-locale", text, "Set LANG=C.UTF-8 in the image")


def _check_memory(values: dict[str, Any]) -> Iterator[IsolationWarning]:
    kills = _number(_part(values, "limits"), "out_of_memory_kills")
    if kills:
        text = f"the kernel has ended {kills:.0f} processes of this cgroup for want of memory"
        yield IsolationWarning("out-of-memory-kills", text, "Give it more memory: --memory")


def _check_many_gpus(values: dict[str, Any]) -> Iterator[IsolationWarning]:
    """What several GPUs in one container need to talk to each other."""
    shm = _number(_part(_part(values, "places"), "shm"), "bytes")
    if shm is not None and shm <= SMALL_SHM:
        text = f"shared memory is {shm / (1 << 20):.0f} MiB, which NCCL between several GPUs runs out of"
        yield IsolationWarning("shm-too-small", text, "Give it more: --shm-size 1g, or an emptyDir in memory")
    memlock = _number(_part(values, "limits"), "memlock")
    if memlock is not None and memlock < SMALL_MEMLOCK:
        text = f"{memlock / 1024:.0f} KiB of memory may be locked, too little for RDMA between GPUs"
        yield IsolationWarning("memlock-low", text, "Raise it: --ulimit memlock=-1")


def _check_rights(values: dict[str, Any]) -> Iterator[IsolationWarning]:
    isolation = _part(values, "isolation")
    if isolation.get("seccomp") == "off":
        text = "no seccomp profile filters system calls"
        yield IsolationWarning("seccomp-off", text, "seccompProfile: {type: RuntimeDefault}")
    is_root = _part(values, "identity").get("uid") == 0
    if is_root and str(isolation.get("user_map", "")).split()[:2] == ["0", "0"]:
        text = "it runs as root, who is root outside as well: there is no user namespace"
        yield IsolationWarning("runs-as-root", text, "runAsNonRoot: true, or hostUsers: false")


def _check_user(values: dict[str, Any]) -> Iterator[IsolationWarning]:
    """What programs expect of a user: a home to write to, and a name."""
    identity, places = _part(values, "identity"), _part(values, "places")
    if not identity.get("name"):
        user = identity.get("uid")
        text = f"uid {user} has no entry in /etc/passwd: getpass.getuser() fails, as PyTorch's compiler does"
        yield IsolationWarning("no-passwd-entry", text, "Set USER and LOGNAME, or add an entry")
    for name, kind, cure in (
        ("home", "home-not-writable", "Set HOME=/tmp, or give it a volume"),
        ("cache", "cache-not-writable", "Set XDG_CACHE_HOME and HF_HOME to a folder that can be written to"),
    ):
        place = _part(places, name)
        if place and not place.get("writable"):
            yield IsolationWarning(kind, f"{place.get('path')} cannot be written to", cure)
