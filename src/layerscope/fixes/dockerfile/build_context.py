"""The build context: the folder that COPY takes from, read without following a link out of it."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SIZE_LIMIT: Final = 1 << 20
"""Bytes of a file that is edited; lists of requirements and of what is ignored are far smaller."""

_BESIDE: Final = (".containerignore", ".dockerignore")


@dataclass(frozen=True)
class ContextFile:
    """A file as it was read: its path in the context, what it is called in diffs, where it lies, and its text.

    Where there is none yet, `text` is None.
    """

    path: str
    name: str
    place: Path
    text: str | None

    @property
    def line_end(self) -> str:
        """What ends its lines."""
        return "\r\n" if "\r\n" in (self.text or "") else "\n"


@dataclass(frozen=True)
class BuildContext:
    """A folder, the Dockerfile that is built from it, and whether podman's builder reads them.

    `prefix` is how diffs call the folder, and `dockerfile_name` how they call the file. Where nobody named the folder,
    the Dockerfile's `is_guessed` to be it. `typed` is how the command named the file and the folder, if it did. The
    paths of diffs begin at the folder `start`, empty for the command's own.
    """

    root: Path
    dockerfile: Path
    prefix: str = ""
    dockerfile_name: str = "Dockerfile"
    is_podman: bool = False
    is_guessed: bool = False
    typed: tuple[str, str] = ("", "")
    start: str = ""

    def find_kind(self, path: str) -> str:
        """`file` or `folder`; empty for what is not there, is a link, lies behind one, or is something else."""
        place = self.root
        mode = stat.S_IFDIR
        for part in [part for part in path.split("/") if part not in {"", "."}]:
            place = place / part
            try:
                mode = place.lstat().st_mode
            except (OSError, ValueError):
                return ""
            if part == ".." or not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
                return ""
        return "folder" if stat.S_ISDIR(mode) else "file"

    def read(self, path: str) -> ContextFile | str:
        """A file of the context, or why it cannot be read."""
        return _read(self.root / path, path, self._name(path), self.root)

    def open_ignores(self) -> ContextFile | str:
        """The list of what is not copied, which the builder of this Dockerfile reads first; a new one where none is."""
        endings = _BESIDE if self.is_podman else _BESIDE[1:]
        for ending in endings:
            own = self.dockerfile.with_name(self.dockerfile.name + ending)
            if own.is_file():
                return _read(own, own.name, self.dockerfile_name + ending, own.parent)
        for name in endings:
            if os.path.lexists(self.root / name):
                return self.read(name)
        name = _BESIDE[1]
        return ContextFile(name, self._name(name), self.root.resolve() / name, None)

    def is_own(self, file: ContextFile) -> bool:
        """Whether a list of what is not copied is of this Dockerfile alone."""
        return file.place.name != _BESIDE[0] and file.place.name != _BESIDE[1]

    def _name(self, path: str) -> str:
        return f"{self.prefix}/{path}" if self.prefix else path


def _read(place: Path, path: str, name: str, root: Path) -> ContextFile | str:
    try:
        real = place.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return f"{name} is not there"
    if not real.is_relative_to(root.resolve()):
        return f"{name} is a link out of its folder"
    content = read_regular(real)
    if isinstance(content, str):
        return f"{name} {content}"
    try:
        return ContextFile(path, name, real, content.decode())
    except UnicodeDecodeError:
        return f"{name} is not UTF-8"


def read_regular(place: Path) -> bytes | str:
    """The bytes of a file of a size that is edited, or why not."""
    try:
        with os.fdopen(os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return "is no file"
            content = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if len(content) > SIZE_LIMIT:
        return f"has more than {SIZE_LIMIT} bytes"
    return "holds a NUL byte" if b"\0" in content else content
