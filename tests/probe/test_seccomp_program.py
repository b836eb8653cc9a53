"""The seccomp filter as a program: judged call by call, its numbers against the kernel's headers."""

import re
from pathlib import Path
from typing import Final

import pytest

from layerscope.probe import seccomp_program
from layerscope.probe.seccomp_program import build_program
from layerscope.probe.system_call_numbers import MACHINES, find_number
from layerscope.probe.system_calls import NEW_NAMESPACES, build_seccomp
from support.bpf import AARCH64, ARM, I386, X86_64, check_program, judge_call

EPERM, ENOSYS = 1, 38
SIGCHLD: Final = 17
THREAD: Final = 0x003D_0F00
"""What pthread_create asks clone for."""
AF_UNIX, AF_INET, AF_NETLINK, AF_VSOCK = 1, 2, 16, 40
ARCHITECTURES: Final = {"x86_64": X86_64, "aarch64": AARCH64}
FOREIGN: Final = {"x86_64": (I386, ARM, AARCH64, 0), "aarch64": (ARM, I386, X86_64, 0)}
HEADERS: Final = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
NARROW: Final = {"clock_adjtime64", "clock_settime64"}
"""Calls of the generic header that only 32-bit architectures have."""


def judge(machine: str, name: str, *arguments: int) -> int:
    """The error of a call by name on that machine."""
    program, number = build_program(machine), find_number(name, machine)
    assert program is not None
    assert number is not None
    return judge_call(program, ARCHITECTURES[machine], number, *arguments)


def list_forbidden(machine: str) -> dict[str, int]:
    """Calls that the rules forbid whatever their arguments are, with the error of each."""
    rules = build_seccomp(machine)["syscalls"]
    return {name: rule["errnoRet"] for rule in rules if "args" not in rule for name in rule["names"]}


@pytest.mark.parametrize("machine", MACHINES)
def test_every_number_ends_as_the_rules_say(machine: str) -> None:
    """What they forbid is refused with their error, and nothing else is: over all numbers that the kernel may have."""
    program = build_program(machine)
    assert program is not None
    check_program(program)
    wanted = {find_number(name, machine): error for name, error in list_forbidden(machine).items()}
    told = {number: judge_call(program, ARCHITECTURES[machine], number) for number in range(1200)}
    assert {number: error for number, error in told.items() if error} == {
        number: error for number, error in wanted.items() if number is not None
    }
    assert len(wanted) > 50


@pytest.mark.parametrize("machine", MACHINES)
def test_clone_is_judged_by_its_first_argument(machine: str) -> None:
    """Each flag that makes a namespace is refused, alone and among others; what makes processes and threads is not."""
    for flag in NEW_NAMESPACES.values():
        assert judge(machine, "clone", flag) == EPERM
        assert judge(machine, "clone", flag | THREAD | 1 << 40) == EPERM
        assert judge(machine, "clone", SIGCHLD, flag, flag << 32) == 0
    assert judge(machine, "clone", SIGCHLD) == 0
    assert judge(machine, "clone", THREAD, 0x7E02_0000) == 0
    assert judge(machine, "clone3", 0) == ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
def test_sockets_are_judged_by_their_family(machine: str) -> None:
    """As the kernel reads it: an int, whatever stands above it in the register."""
    assert judge(machine, "socket", AF_VSOCK) == EPERM
    assert judge(machine, "socket", AF_VSOCK | 1 << 32) == EPERM
    for family in (AF_UNIX, AF_INET, AF_NETLINK, AF_VSOCK + 1, AF_VSOCK | 1 << 31):
        assert judge(machine, "socket", family, AF_VSOCK, AF_VSOCK) == 0


@pytest.mark.parametrize("machine", MACHINES)
def test_a_call_by_another_table_of_the_kernel_is_refused(machine: str) -> None:
    """Another architecture's numbers mean other calls: here even getpid is not asked for."""
    program = build_program(machine)
    assert program is not None
    for architecture in FOREIGN[machine]:
        assert {judge_call(program, architecture, number) for number in range(500)} == {ENOSYS}


def test_numbers_of_x32_are_refused() -> None:
    """They are calls of x86_64 with a bit more; aarch64 has no such bit, and its kernel refuses them itself."""
    bit = 0x4000_0000
    program, other = build_program("x86_64"), build_program("aarch64")
    assert program is not None
    assert other is not None
    assert {judge_call(program, X86_64, bit | number) for number in range(600)} == {ENOSYS}
    assert judge_call(program, X86_64, -1) == ENOSYS
    assert judge_call(program, X86_64, bit - 1) == 0
    assert judge_call(other, AARCH64, bit | 1) == 0


def test_a_long_list_is_refused_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """A jump of BPF leads over 255 rows at most; each of a thousand calls still finds its refusal."""
    rules = {"syscalls": [{"names": [str(number) for number in range(0, 2000, 2)], "errnoRet": EPERM}]}
    monkeypatch.setattr(seccomp_program, "build_seccomp", lambda _: rules)
    monkeypatch.setattr(seccomp_program, "find_number", lambda name, _: int(name))
    program = build_program("x86_64")
    assert program is not None
    check_program(program)
    assert [judge_call(program, X86_64, number) for number in range(2000)] == [EPERM, 0] * 1000


def test_a_condition_may_look_at_a_whole_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    """At both of its halves, and at several arguments, all of which must be as told."""
    args = [
        {"index": 1, "value": (1 << 64) - 1, "valueTwo": 7 << 32 | 5, "op": "SCMP_CMP_MASKED_EQ"},
        {"index": 5, "value": 0xF0 << 32, "valueTwo": 0x30 << 32, "op": "SCMP_CMP_MASKED_EQ"},
    ]
    rules = {"syscalls": [{"names": ["socket"], "errnoRet": EPERM, "args": args}]}
    monkeypatch.setattr(seccomp_program, "build_seccomp", lambda _: rules)
    good = [0, 7 << 32 | 5, 0, 0, 0, 0x3F << 32 | 9]
    assert judge("x86_64", "socket", *good) == EPERM
    for index, value in ((1, 5), (1, 7 << 32), (1, 7 << 32 | 4), (5, 0x2F << 32), (5, 0x30)):
        assert judge("x86_64", "socket", *good[:index], value, *good[index + 1 :]) == 0


@pytest.mark.parametrize("machine", MACHINES)
def test_numbers_are_those_of_the_kernels_headers(machine: str) -> None:
    """Of each name in the rules; a name that a header lacks has no number that it gives to another."""
    header = HEADERS[machine]
    if not header.is_file():
        pytest.skip(f"{header} is not installed")
    known = {name: int(number) for name, number in re.findall(r"#define __NR_(\w+)\s+(\d+)\s", header.read_text())}
    known = {name: number for name, number in known.items() if name not in NARROW or machine == "x86_64"}
    known.pop("syscalls", None)  # how many there are
    names = {*list_forbidden(machine), "clone", "socket"}
    for name in names:
        number = find_number(name, machine)
        if name in known:
            assert (name, number) == (name, known[name])
        else:
            assert number not in known.values(), name
    assert len(names & set(known)) > 40


def test_calls_of_other_architectures_have_no_number() -> None:
    """The umount of both is umount2, and aarch64 never had what x86 has of old."""
    for name in ("stime", "umount", "vm86", "clock_settime64"):
        assert [find_number(name, machine) for machine in MACHINES] == [None, None]
    for name in ("iopl", "uselib", "ustat", "_sysctl"):
        assert find_number(name, "aarch64") is None
