"""Bytes in a file of this host: opened anew for every reader, read by position, identified by a stamp."""

import errno
import os
import stat
from dataclasses import dataclass
from typing import Final, Protocol, Self

from msgspec.structs import replace

from layerscope.errors import ImageError, SourceError
from layerscope.image.layer import Stamp

_OPEN_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
"""Without waiting: a FIFO put in a blob's place must not hang the reader."""


_LINK_ERRORS: Final = frozenset({errno.ELOOP, errno.ENOTDIR, errno.ENXIO})
"""What opening tells of a symbolic link, of one in a folder's place, and of a socket."""


class StoredFile(Protocol):
    """A regular file that can be opened again and again."""

    @property
    def where(self) -> str:
        """What to call it in errors."""

    @property
    def size(self) -> int:
        """Its size in bytes."""

    def open_descriptor(self) -> int:
        """Open it and return a descriptor that the caller closes; raises SourceError where it has changed."""

    def stamp(self, offset: int, size: int) -> Stamp | None:
        """Identity of a range of it, or None where no later reading could find it again."""


@dataclass(frozen=True, slots=True)
class HostFile:
    """A file by its path, as it was when it was looked at.

    `beneath` are names below `path` of which none may be a symbolic link: what an image's folder holds must not lead
    out of it.
    """

    path: str
    beneath: tuple[str, ...]
    identity: Stamp

    @classmethod
    def find(cls, path: str, *beneath: str) -> Self | None:
        """Return the file, or None where there is none.

        Raises ImageError where it is not a regular file or lies behind a link, SourceError where it cannot be read.
        """
        where = os.path.join(path, *beneath)  # noqa: PTH118  # paths are kept as the user spelled them
        try:
            descriptor = _open_beneath(path, beneath)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in _LINK_ERRORS:
                raise ImageError(f"opening {where}: a link or no file, expected a regular file") from error
            raise SourceError(f"opening {where}: {error.strerror}") from error
        status = os.fstat(descriptor)
        os.close(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(f"opening {where}: expected a regular file")
        return cls(path, beneath, stamp_file(status))

    @property
    def where(self) -> str:
        """Its path."""
        return os.path.join(self.path, *self.beneath)  # noqa: PTH118  # as above

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self.identity.file_size

    def open_descriptor(self) -> int:
        """Open it; raises SourceError where it is not the file any more that was looked at."""
        try:
            descriptor = _open_beneath(self.path, self.beneath)
        except OSError as error:
            raise SourceError(f"opening {self.where}: {error.strerror}, expected the file that was there") from error
        if stamp_file(os.fstat(descriptor)) != self.identity:
            os.close(descriptor)
            raise SourceError(f"opening {self.where}: it has changed since the image was opened; run again")
        return descriptor

    def stamp(self, offset: int, size: int) -> Stamp:
        """Identity of a range of it."""
        return stamp_range(self.identity, offset, size)


class _Open(Protocol):
    def fileno(self) -> int: ...


class HeldFile:
    """A file that is known by an open descriptor alone: standard input, or a temporary file without a name."""

    def __init__(self, file: _Open, *, where: str, identity: Stamp | None) -> None:
        """Keep `file` open as long as this lives; without `identity`, ranges of it have no stamp."""
        self.where = where
        self.size = os.fstat(file.fileno()).st_size
        self._file = file
        self._identity = identity

    def open_descriptor(self) -> int:
        """Return another descriptor of the same file; reading by position, they do not disturb each other."""
        return os.dup(self._file.fileno())

    def stamp(self, offset: int, size: int) -> Stamp | None:
        """Identity of a range of it, where it has one."""
        return None if self._identity is None else stamp_range(self._identity, offset, size)


def stamp_file(status: os.stat_result) -> Stamp:
    """Return the identity of a whole file."""
    return Stamp(
        device=status.st_dev,
        inode=status.st_ino,
        file_size=status.st_size,
        modified_ns=status.st_mtime_ns,
        changed_ns=status.st_ctime_ns,
        offset=0,
        size=status.st_size,
    )


def stamp_range(identity: Stamp, offset: int, size: int) -> Stamp:
    """Return the identity of a range of the file that `identity` names."""
    return replace(identity, offset=offset, size=size)


def _open_beneath(path: str, beneath: tuple[str, ...]) -> int:
    if not beneath:
        return os.open(path, _OPEN_FLAGS)
    folder = os.open(path, _OPEN_FLAGS | os.O_DIRECTORY)
    try:
        for name in beneath[:-1]:
            parent, folder = folder, os.open(name, _OPEN_FLAGS | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(parent)
        return os.open(beneath[-1], _OPEN_FLAGS | os.O_NOFOLLOW, dir_fd=folder)
    finally:
        os.close(folder)
