"""Cubins say in their headers what they were compiled for."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import FormatError
from layerscope.formats.cubin import EM_CUDA, parse_cubin
from layerscope.formats.device_code import CodeKind, DeviceTarget


def write_cubin(flags: int, abi: int, *, bits: int = 2, machine: int = EM_CUDA) -> bytes:
    """An ELF header with these flags."""
    content = bytearray(64)
    content[:9] = bytes([0x7F, *b"ELF", bits, 1, 1, 51, abi])
    struct.pack_into("<H", content, 18, machine)
    struct.pack_into("<I", content, 48 if bits == 2 else 36, flags)
    return bytes(content)


@pytest.mark.parametrize(
    ("flags", "abi", "arch", "suffix"),
    [(0x460546, 7, 70, ""), (0x5A055A, 7, 90, ""), (0x5A0D5A, 7, 90, "a"), (0x6007802, 8, 120, ""),
     (0x640640A, 8, 100, "a")],
)  # fmt: skip
def test_both_layouts_are_read(flags: int, abi: int, arch: int, suffix: str) -> None:
    """Flags as in cubins of libnccl and libbitsandbytes; the suffix is one bit in either."""
    assert parse_cubin(write_cubin(flags, abi)) == DeviceTarget(CodeKind.SASS, arch, suffix)


def test_32_bit_cubins_are_read() -> None:
    """Their flags lie elsewhere."""
    assert parse_cubin(write_cubin(0x140114, 7, bits=1)).arch == 20


def test_other_files_are_refused() -> None:
    """An object for a processor, and what is no ELF file."""
    with pytest.raises(FormatError, match="e_machine is 62"):
        parse_cubin(write_cubin(0, 7, machine=62))
    with pytest.raises(FormatError, match="it starts with '2e766572'"):
        parse_cubin(b".version 8.0")


@given(st.binary(max_size=80))
def test_noise_is_refused_and_nothing_else(content: bytes) -> None:
    """Whatever follows the magic."""
    with contextlib.suppress(FormatError):
        parse_cubin(b"\x7fELF" + content)
