"""The seccomp filter as the kernel itself takes it: the rules of `build_seccomp` as a program of classic BPF.

Rows are `struct sock_filter`, the data they look at `struct seccomp_data`:
https://github.com/torvalds/linux/blob/v6.15/Documentation/userspace-api/seccomp_filter.rst
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from layerscope.probe.system_call_numbers import MACHINES, find_number
from layerscope.probe.system_calls import ENOSYS, build_seccomp

Row = tuple[int, int, int, int]
"""Operation, rows to leave out if it holds and if not, operand."""

_LOAD, _AND, _JUMP, _JUMP_EQUAL, _JUMP_NOT_LESS, _RETURN = 0x20, 0x54, 0x05, 0x15, 0x35, 0x06
"""`BPF_LD|BPF_W|BPF_ABS`, `BPF_ALU|BPF_AND|BPF_K`, `BPF_JMP` with `BPF_JA`, `BPF_JEQ`, `BPF_JGE`, and `BPF_RET`."""

_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
"""Offsets in seccomp_data; an argument is eight bytes, on both machines the low four first."""
_WORD: Final = 0xFFFF_FFFF

_ALLOW, _ERROR = 0x7FFF_0000, 0x0005_0000
"""`SECCOMP_RET_ALLOW` and `SECCOMP_RET_ERRNO`, to which the error is added."""

_AUDIT: Final = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
"""`AUDIT_ARCH_…` of linux/audit.h: by which of its tables the kernel reads the number of a call."""

_X32: Final = 0x4000_0000
"""The bit of x32's numbers, which are calls of x86_64 in all else."""

_GROUP: Final = 200
"""Calls that share one refusal: a jump leads over 255 rows at most."""


def build_program(machine: str) -> list[Row] | None:
    """The program for a machine as uname(2) calls it; None where the numbers of its system calls are not known here.

    A call by another table of the kernel (32 bit, x32) is refused as a kernel does that was built without that table:
    its numbers mean other calls, and no program for GPUs is made of them.
    """
    if machine not in MACHINES:
        return None
    missing = _refuse(ENOSYS)
    rows = [(_LOAD, 0, 0, _ARCHITECTURE), (_JUMP_EQUAL, 1, 0, _AUDIT[machine]), missing, (_LOAD, 0, 0, _NUMBER)]
    if machine == "x86_64":
        rows += [(_JUMP_NOT_LESS, 0, 1, _X32), missing]
    for rule in build_seccomp(machine)["syscalls"]:
        found = (find_number(name, machine) for name in rule["names"])
        numbers = sorted(number for number in found if number is not None)
        if "args" not in rule:
            rows += _refuse_any(numbers, rule["errnoRet"])
            continue
        for number in numbers:
            rows += _refuse_some(number, rule["args"], rule["errnoRet"])
    return [*rows, (_RETURN, 0, 0, _ALLOW)]


def _refuse(error: int) -> Row:
    return _RETURN, 0, 0, _ERROR | error


def _refuse_any(numbers: list[int], error: int) -> Iterator[Row]:
    """Every number of a group leads to the one refusal at its end, which all others pass by."""
    for start in range(0, len(numbers), _GROUP):
        group = numbers[start : start + _GROUP]
        for index, number in enumerate(group):
            yield _JUMP_EQUAL, len(group) - index, 0, number
        yield _JUMP, 0, 0, 1
        yield _refuse(error)


def _refuse_some(number: int, conditions: Iterable[dict[str, Any]], error: int) -> list[Row]:
    """The refusal of one call where its arguments are as told; the call's number is at hand again afterwards."""
    checks = [(_JUMP_EQUAL, number)]
    for condition in conditions:
        assert condition["op"] == "SCMP_CMP_MASKED_EQ", condition
        for half in (0, 1):
            mask, value = (condition[name] >> 32 * half & _WORD for name in ("value", "valueTwo"))
            if mask or value:
                place = _ARGUMENTS + 8 * condition["index"] + 4 * half
                checks += [(_LOAD, place), (_AND, mask), (_JUMP_EQUAL, value)]
    ends = len(checks)
    rows = [(code, 0, ends - at if code == _JUMP_EQUAL else 0, operand) for at, (code, operand) in enumerate(checks)]
    return [*rows, _refuse(error), (_LOAD, 0, 0, _NUMBER)]
