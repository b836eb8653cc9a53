"""Cubins: machine code for one GPU architecture, as an ELF file whose header says which.

Bits and their names are those of LLVM's `llvm/include/llvm/BinaryFormat/ELF.h` (EF_CUDA_*): ABI version 7 has the
architecture in the lowest byte of e_flags, ABI version 8, which CUDA 12.8 brought, in the second.
"""

import struct
from typing import Final

from layerscope.errors import FormatError
from layerscope.formats.device_code import CodeKind, DeviceTarget

EM_CUDA: Final = 190
"""e_machine of a cubin."""

_MAGIC: Final = b"\x7fELF"
_HEADER: Final = 52
_CLASS: Final = 4
_ABI_VERSION: Final = 8
_64_BITS: Final = 2
_FLAGS_OFFSETS: Final = {1: 36, _64_BITS: 48}
_SECOND_LAYOUT: Final = 8
_FIRST_ACCELERATORS: Final = 0x800
_SECOND_ACCELERATORS: Final = 0x8
_BYTE: Final = 0xFF


def parse_cubin(content: bytes) -> DeviceTarget:
    """What a cubin was compiled for, from its first 64 bytes; raises FormatError where it is none.

    The suffix `f` is not in a cubin's flags: code for a family is marked in the container's entry alone.
    """
    if not content.startswith(_MAGIC) or len(content) < _HEADER:
        raise FormatError(f"reading a cubin: it starts with {content[:4].hex()!r}, expected an ELF header")
    (machine,) = struct.unpack_from("<H", content, 18)
    offset = _FLAGS_OFFSETS.get(content[_CLASS])
    if machine != EM_CUDA or offset is None:
        raise FormatError(
            f"reading a cubin: e_machine is {machine}, class {content[_CLASS]}, expected {EM_CUDA}, 1 or 2"
        )
    (flags,) = struct.unpack_from("<I", content, offset)
    if content[_ABI_VERSION] >= _SECOND_LAYOUT:
        arch, is_specific = flags >> 8 & _BYTE, bool(flags & _SECOND_ACCELERATORS)
    else:
        arch, is_specific = flags & _BYTE, bool(flags & _FIRST_ACCELERATORS)
    return DeviceTarget(CodeKind.SASS, arch, "a" if is_specific else "")
