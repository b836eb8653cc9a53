"""What the kernel makes of a seccomp filter: its checks of a program, and a run of it over one system call."""

import struct
from collections.abc import Sequence
from typing import Final

ALLOW: Final = 0x7FFF_0000
ERROR: Final = 0x0005_0000
X86_64, AARCH64, I386, ARM = 0xC000_003E, 0xC000_00B7, 0x4000_0003, 0x4000_0028
"""`AUDIT_ARCH_…` of linux/audit.h: the ELF machine, whether it is 64 bit wide, and that it is little-endian."""

LOAD, AND, RETURN = 0x20, 0x54, 0x06
JUMP, JUMP_EQUAL, JUMP_GREATER, JUMP_NOT_LESS, JUMP_SET = 0x05, 0x15, 0x25, 0x35, 0x45
SIZE: Final = 64
"""Bytes of struct seccomp_data."""

Row = tuple[int, int, int, int]


def judge_call(program: Sequence[Row], architecture: int, number: int, *arguments: int) -> int:
    """The error that the call ends with, 0 where it is allowed."""
    values = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<iIQ6Q", number, architecture, 0x7F00_0000_1000, *values)
    told = _run(program, data)
    assert told == ALLOW or told & 0xFFFF_0000 == ERROR, hex(told)
    return 0 if told == ALLOW else told & 0xFFFF


def check_program(program: Sequence[Row]) -> None:
    """What the kernel asks of a filter before it takes it: `bpf_check_classic` and `seccomp_check_filter` of Linux."""
    assert 0 < len(program) <= 4096
    for at, (code, if_true, if_false, operand) in enumerate(program):
        assert code in {LOAD, AND, RETURN, JUMP, JUMP_EQUAL, JUMP_GREATER, JUMP_NOT_LESS, JUMP_SET}
        assert 0 <= if_true < 256
        assert 0 <= if_false < 256
        assert 0 <= operand < 1 << 32
        if code == LOAD:
            assert operand % 4 == 0
            assert operand < SIZE
        furthest = operand if code == JUMP else max(if_true, if_false)
        assert code == RETURN or at + 1 + furthest < len(program)
    assert program[-1][0] == RETURN


def _run(program: Sequence[Row], data: bytes) -> int:
    held = at = 0
    while True:
        code, if_true, if_false, operand = program[at]
        at += 1
        if code == RETURN:
            return operand
        if code == LOAD:
            (held,) = struct.unpack_from("<I", data, operand)
        elif code == AND:
            held &= operand
        elif code == JUMP:
            at += operand
        else:
            tests = {JUMP_EQUAL: held == operand, JUMP_GREATER: held > operand, JUMP_NOT_LESS: held >= operand}
            at += if_true if {**tests, JUMP_SET: bool(held & operand)}[code] else if_false
