"""System calls that a bundle's runtime refuses: by the rules, and by runc and crun where they are installed."""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from layerscope.probe.confinement import DEFAULT
from layerscope.probe.oci_spec import Bind, Start, build_oci_spec
from layerscope.probe.system_call_numbers import MACHINES, find_number
from layerscope.probe.system_calls import NEW_NAMESPACES, build_seccomp

EPERM, ENOSYS = 1, 38
SIGCHLD = 17
AF_VSOCK = 40
ASK: Final = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
for asked in sys.argv[1:]:
    number, first = map(int, asked.split(":"))
    done = libc.syscall(ctypes.c_long(number), ctypes.c_long(first), 0, 0, 0, 0)
    if done == 0 and first & 255:
        os._exit(0)
    print(ctypes.get_errno() if done < 0 else 0, flush=True)
"""


def judge(machine: str, name: str, *arguments: int) -> bool:
    """Whether a rule forbids that call, as libseccomp reads it: argument & value == valueTwo."""
    rules = [rule for rule in build_seccomp(machine)["syscalls"] if rule["names"] == [name]]
    return any(
        all(arguments[each["index"]] & each["value"] == each["valueTwo"] for each in rule["args"]) for rule in rules
    )


def judge_clone(flags: int) -> bool:
    """Whether a rule forbids a clone with those flags, where they come first."""
    return judge("x86_64", "clone", flags, 0)


def test_a_clone_that_makes_a_namespace_is_forbidden_and_another_is_not() -> None:
    """Each flag alone and among others; a process and a thread of the C library stay allowed."""
    assert sum(NEW_NAMESPACES.values()) == 0x7E02_0000  # the mask of Docker's default profile
    for flag in NEW_NAMESPACES.values():
        assert judge_clone(flag)
        assert judge_clone(flag | SIGCHLD)
    assert judge_clone(0x7E02_0000 | SIGCHLD)
    assert not judge_clone(SIGCHLD)
    assert not judge_clone(0x003D_0F00)  # pthread_create


def test_on_s390_the_flags_of_clone_come_second() -> None:
    """After the stack, whose address may look like any flag; on all others they come first."""
    flags = NEW_NAMESPACES["CLONE_NEWUSER"]
    for machine in ("s390x", "s390"):
        assert judge(machine, "clone", 0, flags | SIGCHLD)
        assert not judge(machine, "clone", flags, SIGCHLD)
    for machine in ("x86_64", "aarch64", "ppc64le", "riscv64"):
        assert judge(machine, "clone", flags | SIGCHLD, 0)
        assert not judge(machine, "clone", SIGCHLD, flags)


def test_config_json_is_made_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read where it is written."""
    for machine in ("x86_64", "s390x"):
        monkeypatch.setattr(platform, "machine", lambda told=machine: told)
        spec = build_oci_spec(DEFAULT, Start(["x"], []), [], name="x")
        assert spec["linux"]["seccomp"] == build_seccomp(machine)
    assert build_seccomp("x86_64") != build_seccomp("s390x")


def test_a_socket_of_a_virtual_machine_is_forbidden() -> None:
    """The kernel reads an int of it, whatever stands above; other families are none of this."""
    assert judge("x86_64", "socket", AF_VSOCK)
    assert judge("x86_64", "socket", AF_VSOCK | 1 << 32)
    assert not any(judge("x86_64", "socket", family) for family in range(64) if family != AF_VSOCK)


def test_what_docker_forbids_is_forbidden() -> None:
    """With an error that programs know; clone3 is said to be none, so that the C library takes clone."""
    plain, missing = build_seccomp("x86_64")["syscalls"][:2]
    wanted = {"unshare", "setns", "io_uring_setup", "io_uring_enter", "io_uring_register", "pidfd_getfd", "syslog"}
    wanted |= {"fanotify_init", "quotactl_fd", "process_madvise", "sethostname", "mount", "bpf", "clock_settime64"}
    assert wanted <= set(plain["names"])
    assert plain["names"] == sorted(set(plain["names"]))
    assert (plain["errnoRet"], "args" in plain) == (EPERM, False)
    assert (missing["names"], missing["errnoRet"]) == (["clone3"], ENOSYS)


def run_inside(runtime: str, folder: Path, *asked: str) -> "subprocess.CompletedProcess[str]":
    """What this host's Python says of those system calls in a container of that runtime, with Docker's capabilities."""
    program = Path(sys.executable).resolve()
    places = {"/usr", "/lib", "/lib64", f"{Path(sys.base_prefix)}"}
    binds = [Bind(str(Path(place).resolve()), place) for place in sorted(places) if Path(place).exists()]
    (folder / "rootfs").mkdir()
    for place in ("dev", "proc", "sys", "tmp", *(bind.target.lstrip("/") for bind in binds)):
        (folder / "rootfs" / place).mkdir(parents=True, exist_ok=True)
    start = Start([str(program), "-I", "-S", "-c", ASK, *asked], ["PATH=/usr/bin"])
    name = f"calls-{os.getpid()}-{Path(runtime).name}"
    (folder / "config.json").write_text(json.dumps(build_oci_spec(DEFAULT, start, binds, name=name)))
    command = [runtime, "--root", str(folder / "state"), "run", "--bundle", str(folder), name]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL)


def test_runc_refuses_namespaces_to_what_it_runs(tmp_path: Path) -> None:
    """Whichever flag asks for one, with EPERM and before the kernel is asked; plain processes come to be.

    crun is given the same filter; on hosts with both kinds of cgroups it starts nothing.
    """
    runtime, machine = shutil.which("runc"), os.uname().machine
    if runtime is None or os.geteuid() != 0 or machine not in MACHINES:
        pytest.skip("runc is not installed, or this is not root of a known machine")
    names = ("clone", "unshare", "io_uring_setup", "socket", "clone3")
    number = {name: find_number(name, machine) for name in names}
    flags = [0x7E02_0000, *NEW_NAMESPACES.values()]
    asked = [f"{number['clone']}:{SIGCHLD}", *(f"{number['clone']}:{flag | SIGCHLD}" for flag in flags)]
    rest = [f"{number['unshare']}:{NEW_NAMESPACES['CLONE_NEWUSER']}", f"{number['io_uring_setup']}:0"]
    rest += [f"{number['socket']}:{AF_VSOCK}", f"{number['socket']}:{AF_VSOCK | 1 << 32}"]
    done = run_inside(runtime, tmp_path, *asked, *rest, f"{number['clone3']}:0")
    assert done.stdout.split() == ["0", *["1"] * (len(flags) + len(rest)), "38"], done.stderr
