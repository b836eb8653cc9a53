"""What the layer pass keeps of a driver library whose name does not tell its version: the version inside it."""

import re
from dataclasses import dataclass, field
from typing import Final

from layerscope.layers.extractor import FileReading, Wants

NAMES: Final = frozenset({"libcuda.so", "libcuda.so.1"})
"""NVIDIA installs them as links; whoever copies one gets the library under the name of the link."""

_VERSION: Final = re.compile(
    rb"(?:nvidia-application-profiles-|libnvidia-[\w-]{1,40}\.so\.)(\d{3}\.\d{2,3}(?:\.\d{2})?)(?=-rc|\0)"
)
"""The names by which the driver opens its own files, which bear its version."""

_OVERLAP: Final = 128
"""Bytes of a piece that are searched again with the next: such a name takes fewer."""


class _Reading:
    """One file on its way past."""

    def __init__(self) -> None:
        """Start before the first byte."""
        self._version = b""
        self._tail = b""

    def feed(self, piece: memoryview) -> None:
        """Search until a version is found."""
        if self._version:
            return
        content = self._tail + piece
        match = _VERSION.search(content)
        self._version = match[1] if match is not None else b""
        self._tail = content[-_OVERLAP:]

    def finish(self) -> object:
        """The version, or None."""
        return self._version.decode() or None


@dataclass(frozen=True)
class DriverVersionExtractor:
    """Keeps the driver's version of a library that is named without it."""

    name: str = "driver-version"
    version: int = 1
    wants: Wants = field(default=Wants(names=NAMES))

    def open_file(self, path: str, *, size: int, mode: int) -> FileReading:
        """Return what takes the file's pieces."""
        del path, size, mode
        return _Reading()
