"""An archive on standard input, or in any other pipe."""

import fcntl
import os
import stat
import sys
from dataclasses import dataclass, field
from typing import BinaryIO, Final, TextIO

from layerscope.errors import SourceError, UsageError
from layerscope.image.image import Image, KnownContent
from layerscope.image.platform import Platform
from layerscope.progress import Progress
from layerscope.sources.archive import open_stored_archive
from layerscope.sources.archive_image import ArchiveForm
from layerscope.sources.archive_stream import ArchiveStream
from layerscope.sources.request import ImageRequest
from layerscope.sources.selector import Selector
from layerscope.sources.stored_file import HeldFile, stamp_file
from layerscope.sources.streams import STANDARD_INPUT

PIPE_SIZE: Final = 1 << 20
"""Bytes asked of the kernel for a pipe: what an unprivileged process may have, sixteen times the default."""


@dataclass(frozen=True, slots=True)
class InputSource:
    """An image in an archive that arrives in `file`; a regular file there is read at any place."""

    name: str = STANDARD_INPUT
    """The path of a pipe, or `-`."""
    file: BinaryIO | None = field(default=None, repr=False)
    """Standard input, where it is not that of the process."""
    form: ArchiveForm = ArchiveForm.ANY
    selector: Selector | None = None

    @property
    def describe(self) -> str:
        """How the user would write it."""
        scheme = "" if self.form is ArchiveForm.ANY else f"{self.form}:"
        if not scheme and self.selector is not None and self.name == STANDARD_INPUT:
            scheme = f"{ArchiveForm.ANY}://"  # nothing can be selected behind a dash alone
        return f"{scheme}{self.name}{self.selector or ''}"

    def open_image(
        self,
        *,
        platform: Platform | None,
        known: KnownContent,  # noqa: ARG002  # nothing here is fetched
        progress: Progress,
    ) -> Image | ArchiveStream:
        """Open the image, as a stream unless standard input is a file; raises UsageError for a terminal."""
        where = "standard input" if self.name == STANDARD_INPUT else self.name
        progress.note(f"reading {where}")
        request = ImageRequest(self.describe, self.selector, platform)
        medium = (f"from {where}",)
        file = self._open(where)
        if file.isatty():
            raise UsageError(
                f"reading {where}: a terminal, expected an archive, as `docker save IMAGE | layerscope … -`"
            )
        held = _find_file(file, where)
        if held is not None:
            return open_stored_archive(held, request, self.form, medium=medium)
        _widen_pipe(file)
        return ArchiveStream(InputStream(file, where=where), request, self.form, where=where, medium=medium)

    def _open(self, where: str) -> BinaryIO:
        if self.file is not None:
            return self.file
        if self.name != STANDARD_INPUT:
            try:
                return open(self.name, "rb")  # noqa: PTH123  # as the user spelled it; the stream closes it
            except OSError as error:
                raise SourceError(f"opening {self.name}: {error.strerror}") from error
        stdin: TextIO | None = sys.stdin
        if stdin is None:
            raise UsageError(f"reading {where}: it is closed, expected an archive")
        return stdin.buffer


class InputStream:
    """A pipe's bytes, as many at a time as are there."""

    def __init__(self, file: BinaryIO, *, where: str) -> None:
        """Read from `file`, which is closed with this."""
        self._file = file
        self._read = getattr(file, "read1", file.read)
        self._where = where

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and no bytes only at the end; raises SourceError where the pipe breaks."""
        try:
            chunk: bytes = self._read(size)
        except OSError as error:
            raise SourceError(f"reading {self._where}: {error.strerror}") from error
        return chunk

    def close(self) -> None:
        """Close the pipe, which tells the writer that nobody reads any more."""
        self._file.close()


def _find_file(file: BinaryIO, where: str) -> HeldFile | None:
    """A redirected file that nobody has read from yet is as good as one named by its path."""
    try:
        status = os.fstat(file.fileno())
        at_start = stat.S_ISREG(status.st_mode) and file.tell() == 0
    except OSError:
        return None  # no descriptor behind it, or none that has a place
    return HeldFile(file, where=where, identity=stamp_file(status)) if at_start else None


def _widen_pipe(file: BinaryIO) -> None:
    try:
        fcntl.fcntl(file.fileno(), fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    except (OSError, AttributeError):
        return  # no pipe, no room for a wider one, or not Linux: the default serves too
