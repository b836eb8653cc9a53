"""Named entries in a folder tree, published atomically and checked by checksum whenever they are read.

No lock is ever held: a reader sees an old entry, a new one or none, and a writer that dies leaves a temporary file that
`cache prune` removes. `ROOT/v1/KIND/ab/NAME` is one entry: magic, SHA-256 over name and body, body.
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from msgspec import Struct

from layerscope.errors import CacheError
from layerscope.layers.cache_parts import Part, open_part

LAYOUT_VERSION: Final = "v1"
"""Folder of everything written in this form; raised when the form changes."""

LAYERS: Final = "layers"
DOCUMENTS: Final = "documents"
BLOBS: Final = "blobs"
STAMPS: Final = "stamps"
IMAGES: Final = "images"
NAMES: Final = "names"
TABLES: Final = "tables"
STACKS: Final = "stacks"
PARTS: Final = "parts"
KINDS: Final = (LAYERS, DOCUMENTS, BLOBS, STAMPS, IMAGES, NAMES, TABLES, STACKS, PARTS)
"""All are published whole but parts, which grow: see `cache_parts`."""

TEMPORARY_PREFIX: Final = ".writing-"

_Made = TypeVar("_Made")

_MAGIC = b"LSC1"
_CHECKSUM_SIZE = 32
_HEAD_SIZE = len(_MAGIC) + _CHECKSUM_SIZE
_CACHE_TAG = "CACHEDIR.TAG"
# https://bford.info/cachedir/: backup tools skip a folder with this file.
_CACHE_TAG_CONTENT = b"Signature: 8a477f597d28d172789f06886806bc55\n# Written by layerscope; safe to delete.\n"


class StoredEntry(Struct, frozen=True, order=True):
    """An entry's file as the folder lists it; `used_ns` is when it was last written or read."""

    used_ns: int
    kind: str
    name: str
    size: int
    path: Path

    @property
    def is_temporary(self) -> bool:
        """Whether a writer has not published it yet, or never will."""
        return self.name.startswith(TEMPORARY_PREFIX)


class CacheStore:
    """The entries under one root; methods raise OSError as the folder does, and CacheError for a damaged entry."""

    def __init__(self, root: Path) -> None:
        """Use `root`, which need not exist before the first write."""
        self.root = root

    @property
    def measured_mark(self) -> Path:
        """An empty file whose time tells when the folder's size was last measured."""
        return self.root / LAYOUT_VERSION / "measured"

    def path(self, kind: str, name: str) -> Path:
        """Where an entry lies."""
        return self.root / LAYOUT_VERSION / kind / name[:2] / name

    def read(self, kind: str, name: str) -> memoryview | None:
        """Return an entry's body, proved by its checksum, or None where there is no such entry."""
        try:
            content = self.path(kind, name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        body = memoryview(content)[_HEAD_SIZE:]
        if content[:_HEAD_SIZE] != _head(kind, name, body):
            raise CacheError(f"reading cache entry {kind}/{name}: its bytes do not match their checksum")
        return body

    def write(self, kind: str, name: str, body: bytes, *, durable: bool = False) -> int:
        """Publish an entry as a whole and return its size on disk; `durable` waits until the disk has it.

        A torn entry is found by its checksum, so durability only saves work after a power failure.
        """
        target = self.path(kind, name)
        temporary = target.with_name(f"{TEMPORARY_PREFIX}{os.getpid()}-{secrets.token_hex(8)}")
        descriptor = self._make_folders_for(temporary, _create)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                _write_all(file.fileno(), _head(kind, name, body))
                _write_all(file.fileno(), body)
                if durable:
                    os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return _HEAD_SIZE + len(body)

    def touch(self, kind: str, name: str) -> None:
        """Note that an entry was used now."""
        os.utime(self.path(kind, name))

    def remove(self, kind: str, name: str) -> None:
        """Remove an entry, if it is there."""
        self.path(kind, name).unlink(missing_ok=True)

    def entries(self) -> Iterator[StoredEntry]:
        """Every entry and every temporary file, in no order; those that vanish meanwhile are left out."""
        for kind in KINDS:
            for shard in _list_folder(self.root / LAYOUT_VERSION / kind):
                for file in _list_folder(shard.path):
                    try:
                        status = file.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    yield StoredEntry(status.st_mtime_ns, kind, file.name, status.st_size, Path(file.path))

    def open_part(self, name: str, ceiling: int, tell: Callable[[int], None]) -> Part | None:
        """Open the part of a blob to read it and to add to it; None where another reading is at work on it."""
        return self._make_folders_for(self.path(PARTS, name), lambda path: open_part(path, ceiling, tell))

    def _make_folders_for(self, path: Path, make: Callable[[Path], _Made]) -> _Made:
        """What `make` makes at a path, whose folders are made first where they are not there."""
        try:
            return make(path)
        except FileNotFoundError:
            self._make_folders(path.parent)
            return make(path)

    def _make_folders(self, folder: Path) -> None:
        """Folders are the user's alone: what an index names may be private."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        tag = self.root / _CACHE_TAG
        if not tag.exists():
            tag.write_bytes(_CACHE_TAG_CONTENT)
        for parent in (*reversed(folder.relative_to(self.root).parents), folder.relative_to(self.root)):
            (self.root / parent).mkdir(mode=0o700, exist_ok=True)


def _create(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)


def _head(kind: str, name: str, body: bytes | memoryview) -> bytes:
    """The name is part of the checksum, so that an entry moved to another name is damaged, too."""
    checksum = hashlib.sha256(f"{kind}/{name}\0".encode())
    checksum.update(body)
    return _MAGIC + checksum.digest()


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _list_folder(folder: str | Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except (FileNotFoundError, NotADirectoryError):
        return []
