"""A container's own files in place: the folder in which overlayfs keeps what differs from the image, as a layer.

https://docs.kernel.org/filesystems/overlayfs.html#whiteouts-and-opaque-directories
"""

import os
import stat
from collections.abc import Iterator
from typing import Final

from layerscope.errors import SourceError
from layerscope.image.container import ContainerFiles
from layerscope.sources.layer_spool import (
    BLOCK_DEVICE,
    CHARACTER,
    DIRECTORY,
    FIFO,
    FILE,
    HARDLINK,
    OPAQUE,
    SYMLINK,
    WHITEOUT,
    LayerSpool,
    NewMember,
)

MAX_FILES: Final = 5_000_000
"""Files that a container may have written: ten times those of a large image."""

_OVERLAY: Final = ("trusted.overlay.", "user.overlay.")
_OPAQUE: Final = "opaque"
_HARMLESS: Final = frozenset({"origin", "impure", "nlink", "uuid", "protattr"})
"""What overlayfs notes for itself; all else (`redirect`, `metacopy`) means that files lie elsewhere."""

_KINDS: Final = {
    stat.S_IFDIR: DIRECTORY, stat.S_IFREG: FILE, stat.S_IFLNK: SYMLINK, stat.S_IFCHR: CHARACTER,
    stat.S_IFBLK: BLOCK_DEVICE, stat.S_IFIFO: FIFO,
}  # fmt: skip
_PIECE: Final = 1 << 20


def copy_upper(folder: str, container: ContainerFiles, spool: LayerSpool) -> None:
    """Write everything that the container wrote or removed; raises SourceError and OSError where that cannot be read.

    A container that runs may write meanwhile: each file is as long as it was when it was met.
    """
    root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _Upper(root, container, spool).copy()
    finally:
        os.close(root)


class _Upper:
    def __init__(self, root: int, container: ContainerFiles, spool: LayerSpool) -> None:
        self._root, self._container, self._spool = root, container, spool
        self._links: dict[tuple[int, int], bytes] = {}
        self._count = 0

    def copy(self) -> None:
        """Write all folders, those above first, so that equal folders give equal bytes."""
        waiting = [b""]
        while waiting:
            path = waiting.pop()
            try:
                folder = _open_folder(path, self._root)
            except FileNotFoundError:  # gone since it was listed
                continue
            try:
                waiting += sorted(self._copy_folder(path, folder), reverse=True)
            finally:
                os.close(folder)

    def _copy_folder(self, path: bytes, folder: int) -> Iterator[bytes]:
        """Write what lies in a folder, and yield the folders among it."""
        for name in sorted(map(os.fsencode, os.listdir(folder))):
            inner = path + b"/" + name if path else name
            if name.startswith(WHITEOUT.encode()) or not self._container.is_own(os.fsdecode(inner)):
                continue  # a layer has no way to say that a file has such a name
            self._count += 1
            if self._count > MAX_FILES:
                raise SourceError(f"reading the container's files: more than {MAX_FILES:,}")
            try:
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                self._copy_one(inner, name, folder, status)
            except FileNotFoundError:
                continue
            if stat.S_ISDIR(status.st_mode):
                yield inner

    def _copy_one(self, path: bytes, name: bytes, folder: int, status: os.stat_result) -> None:
        kind = _KINDS.get(stat.S_IFMT(status.st_mode))
        if kind == CHARACTER and status.st_rdev == 0:
            self._spool.add_whiteout(os.fsdecode(path))
        elif kind is not None:  # a socket is nothing that a layer could hold
            self._copy_file(path, name, folder, status, kind)

    def _copy_file(self, path: bytes, name: bytes, folder: int, status: os.stat_result, kind: bytes) -> None:
        first = self._links.get((status.st_dev, status.st_ino)) if kind != DIRECTORY else None
        if first is not None:
            self._spool.add(_describe(path, HARDLINK, status, link=first))
            return
        if status.st_nlink > 1 and kind != DIRECTORY:
            self._links[status.st_dev, status.st_ino] = path
        xattrs, notes = _read_xattrs(f"/proc/self/fd/{folder}/".encode() + name)
        if unknown := notes.keys() - _HARMLESS - {_OPAQUE}:
            raise SourceError(f"reading the container's /{os.fsdecode(path)} in place: overlayfs notes {min(unknown)}")
        link = os.readlink(name, dir_fd=folder) if kind == SYMLINK else b""
        if kind == FILE:
            self._copy_content(path, name, folder, xattrs)
            return
        self._spool.add(_describe(path, kind, status, link=link, xattrs=xattrs))
        if notes.get(_OPAQUE) == b"y":
            self._spool.add(NewMember(path + b"/" + OPAQUE.encode(), FILE))

    def _copy_content(self, path: bytes, name: bytes, folder: int, xattrs: dict[str, bytes]) -> None:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.open(name, flags, dir_fd=folder)
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                return
            self._spool.add(_describe(path, FILE, status, xattrs=xattrs, size=status.st_size))
            left = status.st_size
            while left and (piece := os.read(file, min(left, _PIECE))):
                self._spool.write(piece)
                left -= len(piece)
            while left:  # it was cut meanwhile
                self._spool.write(bytes(min(left, _PIECE)))
                left -= min(left, _PIECE)
            self._spool.pad()
        finally:
            os.close(file)


def _open_folder(path: bytes, root: int) -> int:
    """Open a folder below another one, name by name and through no link; the caller closes it. Raises OSError."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    folder = os.open(b".", flags, dir_fd=root)
    for part in filter(None, path.split(b"/")):
        try:
            inner = os.open(part, flags, dir_fd=folder)
        finally:
            os.close(folder)
        folder = inner
    return folder


def _describe(
    path: bytes,
    kind: bytes,
    status: os.stat_result,
    *,
    link: bytes = b"",
    xattrs: dict[str, bytes] | None = None,
    size: int = 0,
) -> NewMember:
    device = (os.major(status.st_rdev), os.minor(status.st_rdev)) if kind in {CHARACTER, BLOCK_DEVICE} else (0, 0)
    mode = stat.S_IMODE(status.st_mode)
    return NewMember(
        path, kind, mode, status.st_uid, status.st_gid, size, status.st_mtime_ns, link, device, xattrs or {}
    )


def _read_xattrs(path: bytes) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The extended attributes of a file that a layer would have, and overlayfs's own notes by their short names."""
    found = {name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path, follow_symlinks=False)}
    notes = {
        name.removeprefix(prefix): value
        for name, value in found.items()
        for prefix in _OVERLAY
        if name.startswith(prefix)
    }
    return {name: value for name, value in found.items() if not (name.startswith(_OVERLAY) or "=" in name)}, notes
