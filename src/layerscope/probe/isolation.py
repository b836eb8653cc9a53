"""How closed a container is, out of what stage `env` told: one row a fact, for a person and for a program."""

from typing import Any, Final

from msgspec import Struct

from layerscope.probe.observation import Observation

_CAPABILITIES: Final = (
    "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
    "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
    "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
    "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
    "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
    "checkpoint_restore",
)  # fmt: skip
"""By their numbers: capability.h of Linux 6."""


class IsolationFact(Struct, frozen=True):
    """One fact: its key, what it is called, its value, and that as text."""

    name: str
    label: str
    value: Any
    text: str


def list_isolation(seen: Observation) -> list[IsolationFact]:
    """Every fact that was told; none where stage `env` did not run."""
    stage = seen.find("env")
    values = stage.values if stage is not None else {}
    isolation = _part(values, "isolation")
    if not isolation:
        return []
    identity, limits, places = (_part(values, name) for name in ("identity", "limits", "places"))
    names = spell_capabilities(str(isolation.get("capabilities", "")))
    user = f"{identity.get('uid')}:{identity.get('gid')}" + (f" ({identity['name']})" if identity.get("name") else "")
    facts = [
        IsolationFact("user", "user", identity.get("uid"), user),
        IsolationFact("capabilities", "capabilities", names, ", ".join(names) or "none"),
        _yes("no_new_privileges", "no new privileges", isolation.get("no_new_privileges")),
        _yes("read_only_root", "read-only root", isolation.get("read_only_root")),
        _plain("seccomp", "seccomp", isolation.get("seccomp")),
        _plain("label", "security label", isolation.get("label") or "none"),
        _plain("user_namespace", "user namespace", _tell_map(str(isolation.get("user_map", "")))),
        _plain("memory", "memory limit", limits.get("memory")),
        _plain("processors", "processor limit", limits.get("processors")),
        _plain("pids", "process limit", limits.get("pids")),
        _plain("memlock", "locked memory", limits.get("memlock")),
        _plain("cgroup", "cgroup version", values.get("cgroup") or "unknown"),
        _plain("throttled", "times throttled", limits.get("throttled")),
        IsolationFact("network", "network", values.get("network", []), _join(values.get("network")) or "unknown"),
        IsolationFact("volumes", "mounts", values.get("mounts", []), _join(_spell_mounts(values.get("mounts")))),
        _plain("encoding", "encoding", _part(values, "text").get("preferred")),
        IsolationFact("passwd", "known to passwd", identity.get("name"), "yes" if identity.get("name") else "no"),
    ]
    facts += [_tell_space(name, kind) for name, kind in sorted(_part(isolation, "namespaces").items())]
    facts += [_tell_place(name, place) for name, place in sorted(places.items()) if isinstance(place, dict)]
    return facts


def _part(values: dict[str, Any], name: str) -> dict[str, Any]:
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def spell_capabilities(mask: str) -> list[str]:
    """The names in a mask of /proc/self/status; those without a name by their number."""
    try:
        bits = int(mask or "0", 16)
    except ValueError:
        return []
    numbers = [number for number in range(64) if bits >> number & 1]
    return [_CAPABILITIES[each] if each < len(_CAPABILITIES) else str(each) for each in numbers]


def _yes(name: str, label: str, value: object) -> IsolationFact:
    if value is None:
        return IsolationFact(name, label, None, "unknown")
    return IsolationFact(name, label, bool(value), "yes" if value else "no")


def _plain(name: str, label: str, value: object) -> IsolationFact:
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return IsolationFact(name, label, value, "none" if value is None else text)


def _join(names: object) -> str:
    return ", ".join(map(str, names)) if isinstance(names, list) else ""


def _spell_mounts(mounts: object) -> list[str]:
    """Each mount by its path, and whether it takes files and programs."""
    rows = [each for each in mounts if isinstance(each, dict)] if isinstance(mounts, list) else []
    marks = (("read_only", " (read-only)"), ("noexec", " (noexec)"))
    return [str(row.get("path")) + "".join(mark for key, mark in marks if row.get(key)) for row in rows]


def _tell_map(user_map: str) -> str:
    """Whether the container's users are others outside: the whole range onto itself means no."""
    fields = user_map.split()
    return "none" if fields[:2] == ["0", "0"] else user_map or "unknown"


def _tell_space(name: str, kind: object) -> IsolationFact:
    """A namespace, told apart by the number of its inode; no person reads those side by side."""
    return IsolationFact(f"namespace_{name}", "", kind, str(kind))


def _tell_place(name: str, place: dict[str, Any]) -> IsolationFact:
    writable = bool(place.get("writable"))
    size = place.get("bytes")
    room = f", {size >> 20:,} MiB" if isinstance(size, int) and name in {"shm", "tmp"} else ""
    text = f"{place.get('path')}, {'writable' if writable else 'not writable'}{room}"
    return IsolationFact(f"{name}_writable", name, writable, text)
