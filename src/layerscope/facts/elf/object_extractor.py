"""What the layer pass keeps of ELF files: the object, its device code, and for which NumPy it was built."""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from layerscope.errors import FormatError
from layerscope.facts.elf.numpy_marks import NumpyMarks, may_use_numpy
from layerscope.facts.elf.object_record import pack_object
from layerscope.facts.elf.object_stream import NAMES_LEAD, ObjectStream
from layerscope.formats.elf_content import ElfContent
from layerscope.formats.elf_header import MAGIC
from layerscope.formats.elf_reader import read_elf
from layerscope.formats.fatbinary import FatbinaryScanner
from layerscope.layers.extractor import Wants

DRIVER_LIBRARY: Final = "libcuda.so"
"""NVIDIA's driver library, whose note on forward compatibility may lie anywhere among what is not loaded."""

DRIVER_LEAD: Final = 1 << 20
"""Bytes before its section headers that are kept."""


class ObjectReading:
    """One ELF file on its way past."""

    def __init__(self, path: str, size: int) -> None:
        """Wait for the first piece of a file of that size."""
        name = path[path.rfind("/") + 1 :]
        self._size, self._position = size, 0
        self._stream = ObjectStream(size, lead=DRIVER_LEAD if name.startswith(DRIVER_LIBRARY) else NAMES_LEAD)
        self._scanner = FatbinaryScanner(size)
        self._marks = NumpyMarks() if may_use_numpy(path, size) else None
        self._value: dict[str, object] | None = None

    def feed(self, piece: memoryview) -> None:
        """Take the next piece; the last one is looked at before it is gone."""
        is_whole = not self._position and len(piece) == self._size
        self._position += len(piece)
        self._scanner.feed(piece)
        if self._marks is not None:
            self._marks.feed(piece)
        if is_whole:
            self._value = self._conclude(ElfContent(self._size, [(0, piece)]))
            return
        self._stream.feed(piece)
        if self._position == self._size:
            self._value = self._conclude(self._stream.content())

    def finish(self) -> object:
        """The object, or why there is none."""
        return self._value

    def _conclude(self, content: ElfContent) -> dict[str, object]:
        try:
            found = read_elf(content)
        except FormatError as error:
            return {"problem": str(error)}
        value: dict[str, object] = {"elf": pack_object(found.object)}
        code = self._scanner.finish(list(found.sections))
        if code.groups or code.damaged or code.unread:
            value["code"] = msgspec.to_builtins(code)
        if self._marks is not None and self._marks.found:
            value["numpy"] = int(self._marks.found)
        return value


@dataclass(frozen=True)
class ElfObjectExtractor:
    """Keeps of every ELF file a map of `elf`, `code` and `numpy`, or of `problem` where it is none."""

    name: str = "elf-objects"
    version: int = 1
    wants: Wants = field(default=Wants(magics=frozenset({MAGIC})))

    def open_file(self, path: str, *, size: int, mode: int) -> ObjectReading:
        """Return what takes the file's pieces."""
        del mode
        return ObjectReading(path, size)
