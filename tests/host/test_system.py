"""The rest of the host that containers feel."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from layerscope.host import store, system
from layerscope.host.check import Check, Sign
from layerscope.host.place import Host
from layerscope.host.store import check_store
from layerscope.host.system import check_system, find_level

MakeHost = Callable[..., Host]

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
MEMORY = {"/proc/meminfo": "MemTotal:       65536000 kB\nMemFree: 1 kB\n"}


def check(host: Host, now: datetime = NOW) -> dict[str, Check]:
    """The checks by name."""
    return {found.name: found for found in check_system(host, now=now)}


def test_an_empty_host_has_a_clock_and_cgroups(make_host: MakeHost) -> None:
    """What cannot be read is not told."""
    assert check(make_host()).keys() == {"cgroups", "clock"}


def test_shared_memory_is_measured(make_host: MakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host has plenty; where there is no more than a container gets, it is one."""
    host = make_host({f"{system.SHARED_MEMORY}/x": ""})
    assert check(host)["shared memory"].sign is Sign.GOOD
    monkeypatch.setattr(system, "DEFAULT_SHM", 1 << 60)
    assert check(host)["shared memory"].sign is Sign.DOUBT


def test_limits_of_the_second_version_are_those_of_the_own_group(make_host: MakeHost) -> None:
    """Memory and processors, where there is a limit."""
    files = {
        **MEMORY,
        "/proc/self/cgroup": "0::/user.slice/me\n",
        "/sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
        "/sys/fs/cgroup/user.slice/me/memory.max": "8589934592\n",
        "/sys/fs/cgroup/user.slice/me/cpu.max": "150000 100000\n",
    }
    found = check(make_host(files))["cgroups"]
    assert found.sign is Sign.GOOD
    assert found.says == (
        "cgroup version 2, 62.5 GiB of memory, this process is limited to 8 GiB, and to 1.5 processors"
    )


def test_no_limit_is_not_told(make_host: MakeHost) -> None:
    """The word for none is `max`."""
    files = {
        **MEMORY,
        "/proc/self/cgroup": "0::/\n",
        "/sys/fs/cgroup/cgroup.controllers": "",
        "/sys/fs/cgroup/memory.max": "max\n",
        "/sys/fs/cgroup/cpu.max": "max 100000\n",
    }
    assert check(make_host(files))["cgroups"].says == "cgroup version 2, 62.5 GiB of memory"


def test_limits_of_the_first_version_are_found(make_host: MakeHost) -> None:
    """In a hierarchy for each resource."""
    files = {
        **MEMORY,
        "/proc/self/cgroup": "4:memory:/me\n2:cpu,cpuacct:/me\n",
        "/sys/fs/cgroup/memory/me/memory.limit_in_bytes": "1073741824\n",
        "/sys/fs/cgroup/cpu/me/cpu.cfs_quota_us": "200000\n",
        "/sys/fs/cgroup/cpu/me/cpu.cfs_period_us": "100000\n",
    }
    found = check(make_host(files))["cgroups"]
    assert found.sign is Sign.NOTE
    assert found.says.endswith("this process is limited to 1 GiB, and to 2 processors")


@pytest.mark.parametrize(("limit", "told"), [("8388608", "8 MiB"), ("unlimited", "unlimited")])
def test_locked_memory_is_told(limit: str, told: str, make_host: MakeHost) -> None:
    """As the kernel says it."""
    line = f"Max locked memory         {limit}              {limit}              bytes\n"
    assert check(make_host({"/proc/self/limits": line}))["locked memory"].says.startswith(f"{told} for this process")


def test_wsl_is_recognised(make_host: MakeHost) -> None:
    """By the name of its kernel."""
    version = "Linux version 5.15.153.1-microsoft-standard-WSL2 (root@host)\n"
    assert "wsl" in check(make_host({"/proc/version": version}))
    assert "wsl" not in check(make_host({"/proc/version": "Linux version 6.1.0-18-amd64\n"}))


@pytest.mark.parametrize(
    ("now", "scripts", "sign", "told"),
    [
        (NOW, {}, Sign.GOOD, "2026-11-25 12:30 UTC"),
        (NOW, {"timedatectl": "echo yes"}, Sign.GOOD, "2026-11-25 12:30 UTC, kept right over the network"),
        (NOW, {"timedatectl": "echo no"}, Sign.DOUBT, "it shows 2026-11-25 12:30 UTC, and nothing keeps it right"),
        (NOW, {"timedatectl": "echo no bus >&2; exit 1"}, Sign.GOOD, "2026-11-25 12:30 UTC"),
        (NOW.replace(year=1970), {}, Sign.BAD, "it shows 1970-11-25 12:30 UTC, which is past"),
    ],
)
def test_the_clock_is_held_against_what_is_known(
    now: datetime, scripts: dict[str, str], sign: Sign, told: str, make_host: MakeHost
) -> None:
    """A time before this program was made is wrong; one that nobody keeps right may be."""
    found = check(make_host(scripts=scripts), now)["clock"]
    assert found.sign is sign
    assert found.says.startswith(told)


def test_levels_of_processors_build_on_each_other() -> None:
    """A level counts only with all those below."""
    second, third, fourth = system.LEVELS.values()
    assert find_level(frozenset()) == "x86-64-v1"
    assert find_level(second | third) == "x86-64-v3"
    assert find_level(second | third | fourth) == "x86-64-v4"
    assert find_level(second | fourth) == "x86-64-v2"


def test_the_processor_is_told_where_flags_are(make_host: MakeHost) -> None:
    """Other architectures have none."""
    flags = " ".join(sorted(system.LEVELS["x86-64-v2"]))
    assert check(make_host({"/proc/cpuinfo": f"flags\t\t: fpu {flags}\n"}))["processor"].says == "x86-64-v2"
    assert "processor" not in check(make_host({"/proc/cpuinfo": "Features : fp asimd\n"}))


def test_the_cache_has_room_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is not there yet is judged by the one that will hold it."""
    (found,) = check_store(tmp_path / "not" / "yet", 12_300_000)
    assert found.says.startswith(f"{tmp_path}/not/yet holds 12.3 MB, ")
    assert found.sign in {Sign.GOOD, Sign.DOUBT}
    monkeypatch.setattr(store, "LITTLE_ROOM", 1 << 62)
    (little,) = check_store(tmp_path, 0)
    assert (little.sign, little.cure) == (Sign.DOUBT, "make room")
    monkeypatch.setattr(os, "access", lambda *_: False)
    (closed,) = check_store(tmp_path, 0)
    assert closed.sign is Sign.BAD
