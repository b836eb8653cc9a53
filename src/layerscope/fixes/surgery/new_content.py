"""Files of the host on their way into a layer: read twice, and the same both times."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG
from typing import Final

from layerscope.errors import SourceError, UsageError
from layerscope.fixes.surgery.cuts import Attributes, NewFile
from layerscope.layers.limits import MIB

_EXECUTABLE: Final = 0o100
_MODES: Final = {False: 0o644, True: 0o755}


def read_new_file(source: Path) -> NewFile:
    """The file as it would be in a new place: for root, open to read, and to run where its owner may.

    Raises UsageError.
    """
    digest, size = hashlib.sha256(), 0
    try:
        status = source.stat()
        if not S_ISREG(status.st_mode):
            raise UsageError(f"reading {str(source)!r}: expected a file")
        with source.open("rb") as file:
            while piece := file.read(MIB):
                digest.update(piece)
                size += len(piece)
    except OSError as error:
        raise UsageError(f"reading {str(source)!r}: {error.strerror}") from error
    mode = _MODES[bool(status.st_mode & _EXECUTABLE)]
    return NewFile(source, size, digest.digest(), Attributes(mode, 0, 0, status.st_mtime_ns))


def iter_content(file: NewFile) -> Iterator[bytes]:
    """The content, piece by piece; raises SourceError where it is not what was read first."""
    digest, left = hashlib.sha256(), file.size
    try:
        with file.source.open("rb") as stream:
            while piece := stream.read(MIB):
                digest.update(piece)
                left -= len(piece)
                if left < 0:
                    break
                yield piece
    except OSError as error:
        raise SourceError(f"reading {str(file.source)!r}: {error.strerror}") from error
    if left or digest.digest() != file.digest:
        raise SourceError(f"reading {str(file.source)!r}: it changed meanwhile; run again")
