"""The rest of the host that containers feel: processor, shared memory, cgroups, locked memory, WSL, the clock."""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from layerscope.host.check import Area, Check, Sign
from layerscope.host.place import Host

SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108 - it is measured, not written to
DEFAULT_SHM: Final = 64 << 20
"""Bytes of /dev/shm that an engine gives a container unless told otherwise."""
EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""This program is younger, so a clock that shows an earlier time is wrong."""

LEVELS: Final[Mapping[str, frozenset[str]]] = {
    "x86-64-v2": frozenset({"cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"}),
    "x86-64-v3": frozenset({"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"}),
    "x86-64-v4": frozenset({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}),
}
"""What a level adds to the one before, as /proc/cpuinfo spells it: https://gitlab.com/x86-psABIs/x86-64-ABI, 3.1.1."""

_FLAGS: Final = re.compile(r"^flags\s*:\s*(.*)$", re.MULTILINE)
_LOCKED: Final = re.compile(r"^Max locked memory\s+(\S+)\s+(\S+)", re.MULTILINE)
_TOTAL: Final = re.compile(r"^MemTotal:\s+(\d{1,15}) kB$", re.MULTILINE)


def check_system(host: Host, *, now: datetime) -> Iterator[Check]:
    """Each of them."""
    yield from _check_processor(host)
    yield from _check_shared_memory(host)
    yield _check_cgroups(host)
    yield from _check_locked_memory(host)
    yield from _check_wsl(host)
    yield _check_clock(host, now)


def find_level(flags: frozenset[str]) -> str:
    """The highest level of x86-64 whose flags are all there."""
    level = "x86-64-v1"
    for name, wanted in LEVELS.items():
        if not wanted <= flags:
            break
        level = name
    return level


def _check_processor(host: Host) -> Iterator[Check]:
    flags = _FLAGS.search(host.read("/proc/cpuinfo") or "")
    if flags is not None:
        level = find_level(frozenset(flags[1].split()))
        yield Check(Area.SYSTEM, "processor", Sign.NOTE, level, rules=("demanding-cpu",), errors=("sigill",))


def _check_shared_memory(host: Host) -> Iterator[Check]:
    try:
        status = os.statvfs(host.place(SHARED_MEMORY))
    except OSError:
        return
    size = status.f_blocks * status.f_frsize
    told = (
        f"{SHARED_MEMORY} holds {_tell_bytes(size)}; a container gets {_tell_bytes(DEFAULT_SHM)} unless told otherwise"
    )
    errors = ("shm", "nccl-hang")
    if size > DEFAULT_SHM:
        yield Check(Area.SYSTEM, "shared memory", Sign.GOOD, told, errors=errors)
    else:
        yield Check(
            Area.SYSTEM,
            "shared memory",
            Sign.DOUBT,
            f"{SHARED_MEMORY} holds {_tell_bytes(size)}, too little for loaders of data and for NCCL",
            cure="where this is a container, start it with more",
            commands=("docker run --shm-size=8g IMAGE",),
            errors=errors,
        )


def _check_cgroups(host: Host) -> Check:
    own = dict(line.split(":", 2)[1:] for line in (host.read("/proc/self/cgroup") or "").splitlines() if ":" in line)
    is_second = host.read("/sys/fs/cgroup/cgroup.controllers") is not None
    if is_second:
        folder = f"/sys/fs/cgroup{own.get('', '/')}".rstrip("/")
        memory = (host.read(f"{folder}/memory.max") or "").strip()
        cpu = (host.read(f"{folder}/cpu.max") or "").split()
    else:
        memory = (host.read(f"/sys/fs/cgroup/memory{own.get('memory', '/')}/memory.limit_in_bytes") or "").strip()
        folder = f"/sys/fs/cgroup/cpu{own.get('cpu', own.get('cpu,cpuacct', '/'))}".rstrip("/")
        cpu = [(host.read(f"{folder}/cpu.cfs_{part}_us") or "").strip() for part in ("quota", "period")]
    total = _TOTAL.search(host.read("/proc/meminfo") or "")
    parts = [f"cgroup version {2 if is_second else 1}"]
    if total:
        parts.append(f"{_tell_bytes(int(total[1]) * 1024)} of memory")
    if memory.isdecimal() and (total is None or int(memory) < int(total[1]) * 1024):
        parts.append(f"this process is limited to {_tell_bytes(int(memory))}")
    if len(cpu) == 2 and all(part.isdecimal() for part in cpu) and int(cpu[1]):  # noqa: PLR2004 - quota and period
        parts.append(f"and to {int(cpu[0]) / int(cpu[1]):g} processors")
    return Check(Area.SYSTEM, "cgroups", Sign.GOOD if is_second else Sign.NOTE, ", ".join(parts), errors=("oom-kill",))


def _check_locked_memory(host: Host) -> Iterator[Check]:
    limit = _LOCKED.search(host.read("/proc/self/limits") or "")
    if limit is None:
        return
    soft = limit[1]
    told = _tell_bytes(int(soft)) if soft.isdecimal() else soft
    yield Check(
        Area.SYSTEM,
        "locked memory",
        Sign.NOTE,
        f"{told} for this process; containers have the engine's default, and RDMA and NCCL want --ulimit memlock=-1",
        errors=("nccl-hang",),
    )


def _check_wsl(host: Host) -> Iterator[Check]:
    if "microsoft" in (host.read("/proc/version") or "").lower():
        yield Check(
            Area.SYSTEM,
            "wsl",
            Sign.NOTE,
            "WSL: the driver is that of Windows, and no image may bring files of a driver",
            rules=("baked-driver-library",),
            errors=("driver-lib-baked",),
        )


def _check_clock(host: Host, now: datetime) -> Check:
    told = now.strftime("%Y-%m-%d %H:%M UTC")
    if now < EARLIEST:
        return Check(
            Area.SYSTEM,
            "clock",
            Sign.BAD,
            f"it shows {told}, which is past: certificates of registries are refused",
            cure="set it",
            commands=("sudo timedatectl set-ntp true",),
        )
    program = host.find_program("timedatectl")
    output = host.run([program, "show", "--property=NTPSynchronized", "--value"]) if program else None
    answer = output.out.strip() if output is not None and output.code == 0 else ""
    if answer == "no":
        return Check(
            Area.SYSTEM,
            "clock",
            Sign.DOUBT,
            f"it shows {told}, and nothing keeps it right",
            cure="let it be set over the network",
            commands=("sudo timedatectl set-ntp true",),
        )
    kept = ", kept right over the network" if answer == "yes" else ""
    return Check(Area.SYSTEM, "clock", Sign.GOOD, f"{told}{kept}")


def _tell_bytes(size: int) -> str:
    """Bytes in the binary units that engines and kernels count memory in."""
    for power, unit in ((40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")):
        if size >= 1 << power:
            return f"{size / (1 << power):.3g} {unit}" if size < 1000 << power else f"{size >> power} {unit}"
    return f"{size} B"
