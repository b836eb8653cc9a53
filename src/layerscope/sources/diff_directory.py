"""Files below an engine's folder for one layer, opened without ever leaving that folder.

Names come from a record of the layer's tar and are hostile. Every component is opened relative to its parent and
without following links; a link among the parents (a tar may unpack through one) is resolved inside the folder, as the
engine's own unpacking in a chroot did.
"""

import errno
import os
from typing import Final

MAX_LINKS: Final = 40
"""Links followed for one name, as in the kernel's path walk."""

_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Not blocking: a FIFO in a file's place must not hang the reader. Regular files ignore it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_PART = (b"", b".")


class DiffDirectory:
    """Opens files below one folder; remembers the folder last used, as a tar names neighbours in a row.

    Not for several threads at once.
    """

    def __init__(self, path: os.PathLike[str]) -> None:
        """Open the folder itself; raises OSError."""
        self._path = os.fsencode(path)
        self._head: bytes | None = b""
        self._parts: list[bytes] = []
        self._fds = [os.open(self._path, _DIRECTORY & ~os.O_NOFOLLOW)]
        self._flags = _FILE | self._find_noatime()

    def open(self, name: bytes) -> int:
        """Return a descriptor of the file called `name`, for the caller to close; raises OSError."""
        head, _, tail = name.rpartition(b"/")
        if head != self._head:
            self._enter(head)
        return os.open(tail, self._flags, dir_fd=self._fds[-1])

    def close(self) -> None:
        """Close every folder that is open."""
        while self._fds:
            os.close(self._fds.pop())

    def _find_noatime(self) -> int:
        """Return O_NOATIME where it is allowed: reading an image should not write to 100,000 inodes."""
        try:
            os.close(os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOATIME))
        except PermissionError:
            return 0
        return os.O_NOATIME

    def _enter(self, head: bytes) -> None:
        """Make the folder `head` the current one."""
        parts = normal_parts(head)
        try:
            self._walk(parts)
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            self._walk(self._resolve(parts))
        self._head = head

    def _walk(self, parts: list[bytes]) -> None:
        """Close and open folders until exactly those of `parts` are open."""
        same = 0
        for old, new in zip(self._parts, parts, strict=False):
            if old != new:
                break
            same += 1
        self._head = None  # no folder, until all of them are open
        while len(self._parts) > same:
            self._parts.pop()
            os.close(self._fds.pop())
        for part in parts[same:]:
            self._fds.append(os.open(part, _DIRECTORY, dir_fd=self._fds[-1]))
            self._parts.append(part)

    def _resolve(self, parts: list[bytes]) -> list[bytes]:
        """Return the same folder's parts with every link among them followed, the folder as the root of all."""
        resolved: list[bytes] = []
        waiting = parts[::-1]
        links = 0
        while waiting:
            part = waiting.pop()
            if part == b"..":
                del resolved[-1:]
                continue
            target = self._read_link([*resolved, part])
            if target is None:
                resolved.append(part)
                continue
            links += 1
            if links > MAX_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), b"/".join(parts))
            if target.startswith(b"/"):
                resolved.clear()
            waiting += [step for step in target.split(b"/")[::-1] if step not in _NO_PART]
        return resolved

    def _read_link(self, parts: list[bytes]) -> bytes | None:
        """Return where a link leads, or None for anything else; all parents are known to be no links."""
        try:
            return os.readlink(b"/".join([self._path, *parts]))  # noqa: PTH115  # names are bytes
        except OSError as error:
            if error.errno == errno.EINVAL:
                return None
            raise


def normal_parts(name: bytes) -> list[bytes]:
    """Return a name's components as engines clean it before unpacking: no `.`, and no `..` above the start."""
    parts: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            del parts[-1:]
        elif part not in _NO_PART:
            parts.append(part)
    return parts
