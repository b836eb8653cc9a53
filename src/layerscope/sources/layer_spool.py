"""LayerSpool: a layer that is written member by member to a temporary file without a name, and hashed as it grows."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from layerscope.errors import SourceError
from layerscope.image.digest import Digest
from layerscope.sources.blobs import StoredLayer
from layerscope.sources.file_range import FileSlice
from layerscope.sources.outer_header import BLOCK
from layerscope.sources.stored_file import HeldFile

DIRECTORY, FILE, HARDLINK, SYMLINK, CHARACTER, BLOCK_DEVICE, FIFO = b"5", b"0", b"1", b"2", b"3", b"4", b"6"
"""Type flags: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06"""

WHITEOUT: Final = ".wh."
OPAQUE: Final = ".wh..wh..opq"
"""https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts"""

_ZEROS: Final = bytes(1 << 20)
_LEAST_HOLE: Final = 1 << 16
"""Zeros in a row that take no room on the disk."""

_SECOND: Final = 1_000_000_000
_OCTAL_7, _OCTAL_11 = 0o7777777, 0o77777777777
_NAME_SIZE: Final = 100
_LARGEST_DEVICE: Final = 0o7777777


@dataclass(frozen=True, slots=True)
class NewMember:
    """What a tar tells of one file; names are bytes, as the file system has them."""

    name: bytes
    kind: bytes
    mode: int = 0
    uid: int = 0
    gid: int = 0
    size: int = 0
    mtime_ns: int = 0
    link: bytes = b""
    device: tuple[int, int] = (0, 0)
    xattrs: Mapping[str, bytes] = field(default_factory=dict)


class LayerSpool:
    """Takes the bytes of a layer; use it in a `with` statement, which drops them unless `finish` was called."""

    def __init__(self, directory: str | None, *, where: str) -> None:
        """Open the file, in `directory` or where temporary files go; raises SourceError."""
        self._where = where
        self._hash = hashlib.sha256()
        self.size = 0
        try:
            self._file = tempfile.TemporaryFile(dir=directory, buffering=1 << 20)  # noqa: SIM115  # closed by __exit__
        except OSError as error:
            raise SourceError(f"spooling {where}: no temporary file: {error.strerror}") from error
        self._is_kept = False

    def write(self, content: bytes) -> None:
        """Add bytes; raises SourceError where there is no room."""
        try:
            if len(content) >= _LEAST_HOLE and content == _ZEROS[: len(content)]:
                self._file.seek(len(content), os.SEEK_CUR)  # a sparse file may be larger than the disk
            else:
                self._file.write(content)
        except OSError as error:
            raise SourceError(f"spooling {self._where}: {error.strerror}, expected room for all of it") from error
        self._hash.update(content)
        self.size += len(content)

    def pad(self) -> None:
        """Fill up the last block."""
        self.write(bytes(-self.size % BLOCK))

    def add(self, member: NewMember) -> None:
        """Add a member's headers; the content of a file is to follow by `write` and `pad`."""
        self.write(render_member(member))

    def add_whiteout(self, path: str) -> None:
        """Say that what lower layers have at a path is gone."""
        folder, slash, name = path.rpartition("/")
        self.add(NewMember(f"{folder}{slash}{WHITEOUT}{name}".encode("utf-8", "surrogateescape"), FILE))

    def finish(self, name: str) -> StoredLayer:
        """End the tar, and return it as a layer that can be opened again as long as it lives."""
        self.write(bytes(2 * BLOCK))
        try:
            self._file.truncate(self.size)
            self._file.flush()
        except OSError as error:
            raise SourceError(f"spooling {self._where}: {error.strerror}, expected room for all of it") from error
        self._is_kept = True
        held = HeldFile(self._file, where=self._where, identity=None)
        return StoredLayer(
            name, Digest("sha256", self._hash.hexdigest()), None, FileSlice(name, held, 0, self.size, self.size)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._is_kept:
            self._file.close()


def render_member(member: NewMember) -> bytes:
    """The headers of a member: a pax header for what does not fit the plain one, and that one."""
    name = member.name + b"/" if member.kind == DIRECTORY and not member.name.endswith(b"/") else member.name
    records = _list_records(member, name)
    header = bytearray(BLOCK)
    header[: min(len(name), _NAME_SIZE)] = name[:_NAME_SIZE]
    seconds = member.mtime_ns // _SECOND
    for place, digits, value in (
        (100, 7, member.mode & 0o7777), (108, 7, _fit(member.uid, _OCTAL_7)), (116, 7, _fit(member.gid, _OCTAL_7)),
        (124, 11, _fit(member.size, _OCTAL_11)), (136, 11, _fit(seconds, _OCTAL_11)),
        (329, 7, _fit(member.device[0], _LARGEST_DEVICE)), (337, 7, _fit(member.device[1], _LARGEST_DEVICE)),
    ):  # fmt: skip
        header[place : place + digits + 1] = b"%0*o\0" % (digits, value)
    header[156:157] = member.kind
    header[157 : 157 + min(len(member.link), _NAME_SIZE)] = member.link[:_NAME_SIZE]
    header[257:265] = b"ustar\x0000"
    return _render_records(records) + _seal(header)


def _fit(value: int, largest: int) -> int:
    """The value, or 0 where a record says it instead."""
    return value if 0 <= value <= largest else 0


def _list_records(member: NewMember, name: bytes) -> list[tuple[bytes, bytes]]:
    """What the plain header cannot say of a member."""
    found = [(b"path", name)] if len(name) > _NAME_SIZE else []
    found += [(b"linkpath", member.link)] if len(member.link) > _NAME_SIZE else []
    numbers = ((b"uid", member.uid, _OCTAL_7), (b"gid", member.gid, _OCTAL_7), (b"size", member.size, _OCTAL_11))
    found += [(key, b"%d" % value) for key, value, largest in numbers if not 0 <= value <= largest]
    seconds, fraction = divmod(member.mtime_ns, _SECOND)
    if fraction or not 0 <= seconds <= _OCTAL_11:
        found.append((b"mtime", _tell_time(member.mtime_ns)))
    for key, value in sorted(member.xattrs.items()):
        found.append((b"SCHILY.xattr." + key.encode("utf-8", "surrogateescape"), value))
    return found


def _tell_time(time_ns: int) -> bytes:
    """Nanoseconds as a decimal number of seconds."""
    seconds, fraction = divmod(abs(time_ns), _SECOND)
    return b"%s%d.%09d" % (b"-" if time_ns < 0 else b"", seconds, fraction)


def _render_records(records: list[tuple[bytes, bytes]]) -> bytes:
    """A pax header with these records; nothing where there are none."""
    if not records:
        return b""
    body = b"".join(_render_record(key, value) for key, value in records)
    header = bytearray(BLOCK)
    header[:10] = b"PaxHeaders"
    for place, digits, value in ((100, 7, 0o644), (108, 7, 0), (116, 7, 0), (124, 11, len(body)), (136, 11, 0)):
        header[place : place + digits + 1] = b"%0*o\0" % (digits, value)
    header[156:157] = b"x"
    header[257:265] = b"ustar\x0000"
    return _seal(header) + body + bytes(-len(body) % BLOCK)


def _render_record(key: bytes, value: bytes) -> bytes:
    """`LENGTH KEY=VALUE` and a line feed, where the length counts its own digits."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def _seal(header: bytearray) -> bytes:
    """The header with its checksum."""
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)
