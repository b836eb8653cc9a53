"""What the layer pass keeps of the records in `conda-meta`."""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from layerscope.errors import FormatError
from layerscope.formats.conda_meta import CONTENT_LIMIT, parse_conda_meta
from layerscope.layers.extractor import FileReading, Wants

_FOLDER: Final = "conda-meta"


class _CondaRecord:
    """A record on its way, kept whole up to its ceiling: the name comes after the list of files."""

    def __init__(self) -> None:
        """Wait for the first piece."""
        self._content = bytearray()

    def feed(self, piece: memoryview) -> None:
        """Keep it while there is room; one byte too many shows that there was more."""
        self._content += piece[: CONTENT_LIMIT + 1 - len(self._content)]

    def finish(self) -> object:
        """The package."""
        try:
            return msgspec.to_builtins(parse_conda_meta(bytes(self._content)))
        except FormatError as error:
            return {"problem": str(error)}


@dataclass(frozen=True)
class CondaExtractor:
    """Keeps name, version, build and dependencies of each conda package."""

    name: str = "conda-packages"
    version: int = 2
    wants: Wants = field(default=Wants(suffixes=frozenset({".json"}), folder=_FOLDER))

    def open_file(self, path: str, *, size: int, mode: int) -> FileReading:
        """What reads a record."""
        del path, size, mode
        return _CondaRecord()
