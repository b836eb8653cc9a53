"""What the layer pass keeps of ELF files: the object, its device code, and for which NumPy it was built."""

from dataclasses import dataclass, field
from typing import Final

import msgspec
from msgspec.structs import replace

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
        is_driver = name.startswith(DRIVER_LIBRARY)
        self._stream = ObjectStream(size, lead=DRIVER_LEAD if is_driver else NAMES_LEAD)
        self._stream.needs_names = is_driver
        self._scanner = FatbinaryScanner(size)
        self._marks = NumpyMarks() if may_use_numpy(path, size) else None
        self._value: dict[str, object] | None = None

    def feed(self, piece: memoryview) -> None:
        """Take the next piece; the last one is looked at before it is gone."""
        start, self._position = self._position, self._position + len(piece)
        is_last = self._position == self._size
        if not start and is_last:
            content = ElfContent(self._size, [(0, piece)])
        else:
            self._stream.needs_names = self._stream.needs_names or self._scanner.has_found
            self._stream.feed(piece)
            content = self._stream.content()
        self._search(piece, start, is_last=is_last)
        if is_last:
            self._value = self._conclude(content)

    def _search(self, piece: memoryview, start: int, *, is_last: bool) -> None:
        """Search a piece for device code and for the words of NumPy, but not where neither can be."""
        is_code = self._stream.is_code(start, self._position)
        is_empty = is_code or self._stream.is_unloaded(start, self._position)
        if not (is_empty and self._scanner.skip(len(piece))):
            self._scanner.feed(piece)
        if self._marks is not None and is_empty:
            self._marks.skip()
        elif self._marks is not None:
            self._marks.feed(piece, is_last=is_last)

    def finish(self) -> object:
        """The object, or why there is none."""
        return self._value

    def _conclude(self, content: ElfContent) -> dict[str, object]:
        try:
            found = read_elf(content)
        except FormatError as error:
            return {"problem": str(error)}
        value: dict[str, object] = {}
        code, known = self._scanner.finish(found.place_sections() if self._scanner.has_found else ()), found.object
        if code.groups or code.damaged or code.unread:
            value["code"] = msgspec.to_builtins(code)
            if found.names_problem is not None:
                known = replace(known, problems=(*known.problems, found.names_problem))
        value["elf"] = pack_object(known)
        if self._marks is not None and self._marks.found:
            value["numpy"] = int(self._marks.found)
        return value


@dataclass(frozen=True)
class ElfObjectExtractor:
    """Keeps of every ELF file a map of `elf`, `code` and `numpy`, or of `problem` where it is none."""

    name: str = "elf-objects"
    version: int = 6
    wants: Wants = field(default=Wants(magics=frozenset({MAGIC})))

    def open_file(self, path: str, *, size: int, mode: int) -> ObjectReading:
        """Return what takes the file's pieces."""
        del mode
        return ObjectReading(path, size)
