"""What the layer pass keeps of device code in files of its own: `.cubin`, `.ptx` and `.fatbin`."""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from layerscope.errors import FormatError
from layerscope.formats.cubin import parse_cubin
from layerscope.formats.device_code import ContainerGroup, DeviceCode, DeviceTarget
from layerscope.formats.fatbinary import MAGIC, FatbinaryScanner
from layerscope.formats.ptx_text import HEAD_LIMIT, parse_ptx
from layerscope.layers.extractor import FileReading, Wants

SUFFIXES: Final = frozenset({".cubin", ".ptx", ".fatbin"})
"""What compilers name them."""

_ELF: Final = b"\x7fELF"


@dataclass
class _LooseReading:
    """One file on its way past: its beginning, and the containers in it."""

    size: int
    head: bytes = b""
    scanner: FatbinaryScanner = field(init=False)

    def __post_init__(self) -> None:
        """Start before the first byte."""
        self.scanner = FatbinaryScanner(self.size)

    def feed(self, piece: memoryview) -> None:
        """Keep the beginning, and let the scanner see everything."""
        if len(self.head) < HEAD_LIMIT:
            self.head += piece[: HEAD_LIMIT - len(self.head)]
        self.scanner.feed(piece)

    def finish(self) -> object:
        """The device code, or None where the file is something else."""
        try:
            if self.head.startswith(MAGIC):
                return msgspec.to_builtins(self.scanner.finish())
            target = parse_cubin(self.head) if self.head.startswith(_ELF) else parse_ptx(self.head)
        except FormatError:
            return None
        return msgspec.to_builtins(DeviceCode((_alone(target, self.size),)))


@dataclass(frozen=True)
class LooseCodeExtractor:
    """Keeps the device code of a file as plain values of DeviceCode."""

    name: str = "loose-device-code"
    version: int = 1
    wants: Wants = field(default=Wants(suffixes=SUFFIXES))

    def open_file(self, path: str, *, size: int, mode: int) -> FileReading:
        """Return what takes the file's pieces."""
        del path, mode
        return _LooseReading(size)


def _alone(target: DeviceTarget, size: int) -> ContainerGroup:
    return ContainerGroup((target,), 1, "", ((target.arch, size),))
