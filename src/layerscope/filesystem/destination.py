"""Destination: a directory of the host below which files are written, and never elsewhere.

Every step goes through a descriptor of the directory above and follows no symlink, so that nothing written earlier, and
nothing that another process slips in, can lead a write out of the directory.
"""

import errno
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

from layerscope.errors import DigestMismatchError, TreeError
from layerscope.filesystem.extraction_plan import Parts, PlannedDirectory, PlannedFile, PlannedLink

CHUNK: Final = 1 << 20
OPEN_DIRECTORIES: Final = 64
"""Descriptors kept open at once; neighbours in a layer mostly share their directory."""

_DIRECTORY_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_HARD_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})


class Destination:
    """An open directory; closing it ends all writing."""

    def __init__(self, root: Path, *, overwrite: bool) -> None:
        """Open `root`, an existing directory that the user chose; raises TreeError."""
        self._root = root
        self._overwrite = overwrite
        self._partial: tuple[bytes, int] | None = None
        with self._explained(()):
            self._open: dict[Parts, int] = {(): os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._discard_partial()
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()

    def exists(self, parts: Parts) -> bool:
        """Whether anything lies at a path, a dangling symlink included."""
        with self._explained(parts), suppress(FileNotFoundError):
            os.stat(parts[-1], dir_fd=self._directory(parts[:-1]), follow_symlinks=False)
            return True
        return False

    def make_directory(self, directory: PlannedDirectory) -> None:
        """Make a directory, or find it there."""
        if not directory.parts:
            return
        with self._explained(directory.parts):
            above = self._directory(directory.parts[:-1])
            with suppress(FileExistsError):
                os.mkdir(directory.parts[-1], directory.mode, dir_fd=above)
            self._directory(directory.parts)

    def write_file(self, file: PlannedFile, content: Iterable[bytes]) -> None:
        """Write a file whole, or not at all; raises DigestMismatchError where the content is not the index's."""
        with self._explained(file.parts):
            above = self._directory(file.parts[:-1])
        partial = self._announce_partial(above)
        try:
            with self._explained(file.parts):
                descriptor = os.open(partial, _NEW_FILE_FLAGS, file.mode, dir_fd=above)
            try:
                self._write_verified(descriptor, file, content)
            finally:
                os.close(descriptor)
            with self._explained(file.parts):
                self._publish(above, partial, file.parts[-1])
        finally:
            self._discard_partial()

    def copy_file(self, file: PlannedFile, written: PlannedFile) -> None:
        """Write a file with the content of one that was written already."""
        with self._explained(written.parts):
            descriptor = os.open(written.parts[-1], _READ_FLAGS, dir_fd=self._directory(written.parts[:-1]))
        with os.fdopen(descriptor, "rb", buffering=0) as stream:
            self.write_file(file, iter(lambda: stream.read(CHUNK), b""))

    def write_link(self, link: PlannedLink) -> None:
        """Make a symlink."""
        with self._explained(link.parts):
            above = self._directory(link.parts[:-1])
            if not self._overwrite:
                os.symlink(link.target, link.parts[-1], dir_fd=above)
                return
            partial = self._announce_partial(above)
            try:
                os.symlink(link.target, partial, dir_fd=above)
                os.rename(partial, link.parts[-1], src_dir_fd=above, dst_dir_fd=above)
            finally:
                self._discard_partial()

    def _announce_partial(self, above: int) -> bytes:
        """Return a name for what is about to be written; until it is discarded, closing the destination removes it."""
        name = _partial_name()
        self._partial = (name, above)
        return name

    def _discard_partial(self) -> None:
        """Remove what is not finished, if anything is there; a signal on the way leaves that to the closing."""
        if self._partial is not None:
            name, above = self._partial
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=above)
            self._partial = None

    def _write_verified(self, descriptor: int, file: PlannedFile, content: Iterable[bytes]) -> None:
        """Write content and check it against the index."""
        digest, size = hashlib.sha256(), 0
        for chunk in content:
            digest.update(chunk)
            size += len(chunk)
            with self._explained(file.parts):
                rest = memoryview(chunk)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
        if size != file.size or digest.digest() != file.digest:
            raise DigestMismatchError(
                f"extracting /{file.path} from layer {file.layer}: expected {file.size} bytes with SHA-256 "
                f"{file.digest.hex()}, read {size} bytes with {digest.hexdigest()}"
            )
        with suppress(OSError, OverflowError):
            os.utime(descriptor, ns=(file.mtime_ns, file.mtime_ns))

    def _publish(self, above: int, partial: bytes, name: bytes) -> None:
        """Give a finished file its name; without leave to overwrite, the name must be free at that moment."""
        if not self._overwrite:
            try:
                os.link(partial, name, src_dir_fd=above, dst_dir_fd=above, follow_symlinks=False)
            except OSError as error:
                if error.errno not in _NO_HARD_LINKS:
                    raise
                with suppress(FileNotFoundError):
                    os.stat(name, dir_fd=above, follow_symlinks=False)
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
            else:
                return
        os.rename(partial, name, src_dir_fd=above, dst_dir_fd=above)

    def _directory(self, parts: Parts) -> int:
        """The descriptor of a directory below the root, opened name by name."""
        known = len(parts)
        while parts[:known] not in self._open:
            known -= 1
        descriptor = self._open[parts[:known]]
        for place in range(known, len(parts)):
            descriptor = os.open(parts[place], _DIRECTORY_FLAGS, dir_fd=descriptor)
            self._remember(parts[: place + 1], descriptor)
        return descriptor

    def _remember(self, parts: Parts, descriptor: int) -> None:
        """Keep a descriptor open, and close the oldest where there are too many; the root's stays."""
        if len(self._open) > OPEN_DIRECTORIES:
            oldest = next(key for key in self._open if key)
            os.close(self._open.pop(oldest))
        self._open[parts] = descriptor

    @contextmanager
    def _explained(self, parts: Parts) -> Iterator[None]:
        """Turn what the host's file system says into a TreeError about the path."""
        try:
            yield
        except OSError as error:
            where = os.fspath(self._root.joinpath(*map(os.fsdecode, parts)))
            match error.errno:
                case errno.EEXIST | errno.EISDIR | errno.ENOTEMPTY:
                    why = "something is there already"
                case errno.ELOOP | errno.ENOTDIR:
                    why = "a directory is expected there, or above it, and something else is there"
                case _:
                    why = error.strerror or str(error)
            raise TreeError(f"writing {where!r}: {why}") from error


def _partial_name() -> bytes:
    """A name for a file that is still being written; nobody can guess it."""
    return f".layerscope-{secrets.token_hex(8)}.part".encode()
