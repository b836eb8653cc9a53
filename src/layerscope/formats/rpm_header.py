"""RpmPackage: one header as rpm stores it in its database.

https://rpm.org/docs/4.20.x/manual/format_header.html: counts, an index of tags, and their data, all big-endian.
"""

import struct
from typing import Final, TypeVar

from msgspec import Struct

from layerscope.errors import FormatError

T = TypeVar("T")

TAGS_LIMIT: Final = 0xFFFF
"""Index entries of one header that rpm itself accepts (hdrchkTags)."""

DATA_LIMIT: Final = 256 << 20
"""Bytes of data of one header that rpm itself accepts (hdrchkData)."""

VALUES_LIMIT: Final = 2_000_000
"""Values of one tag: the largest packages have 100,000 files."""

PATHS_SIZE_LIMIT: Final = 32 << 20
"""Characters of all paths of one package, each with a surcharge for the record that holds it: folders are named once
and repeated here; 100,000 files have 11 million."""

FILE_COST: Final = 40
"""That surcharge: empty paths cost memory, too."""

GHOST: Final = 64
"""RPMFILE_GHOST: listed, but not in the payload."""
CONFIG: Final = 1
"""RPMFILE_CONFIG: meant to be edited."""

_NAME, _VERSION, _RELEASE, _EPOCH, _ARCH, _SOURCE = 1000, 1001, 1002, 1003, 1022, 1044
_STATES, _MODES, _DIGESTS, _FLAGS = 1029, 1030, 1035, 1037
_DIR_INDEXES, _BASE_NAMES, _DIR_NAMES, _OLD_NAMES = 1116, 1117, 1118, 1027
_DIGEST_ALGORITHM: Final = 5011
_SHA256: Final = 8
"""PGPHASHALGO_SHA256; older packages have MD5 (1) and do not say so."""

_INTRO: Final = struct.Struct(">II")
_ENTRY: Final = struct.Struct(">IIiI")
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8}
_STRING, _STRING_ARRAY, _I18N = 6, 8, 9
_DIRECTORY_MODE, _KIND_MASK, _REGULAR_MODE = 0o040000, 0o170000, 0o100000


class RpmFile(Struct, frozen=True):
    """One file of a package: its path without a leading slash, and the SHA-256 of its content where rpm knows it.

    `is_installed` is false for what was left out on purpose, such as documentation.
    """

    path: str
    sha256: str
    is_directory: bool
    is_ghost: bool
    is_config: bool
    is_installed: bool


class RpmPackage(Struct, frozen=True):
    """A package; `source` is the name of its source package's file."""

    name: str
    epoch: int | None
    version: str
    release: str
    architecture: str
    source: str
    files: tuple[RpmFile, ...]

    @property
    def full_version(self) -> str:
        """Epoch, version and release, as rpm prints them."""
        text = f"{self.version}-{self.release}" if self.release else self.version
        return f"{self.epoch}:{text}" if self.epoch is not None else text


class _Header:
    """The tags of one header, each read when asked for."""

    def __init__(self, blob: bytes) -> None:
        """Check the counts and keep the index."""
        if len(blob) < _INTRO.size:
            raise FormatError("reading an rpm header: shorter than its two counts")
        tags, size = _INTRO.unpack_from(blob)
        if tags > TAGS_LIMIT or size > DATA_LIMIT:
            raise FormatError(f"reading an rpm header: {tags:,} tags and {size:,} bytes, beyond what rpm accepts")
        start = _INTRO.size + tags * _ENTRY.size
        if start + size > len(blob):
            raise FormatError(f"reading an rpm header: {start + size:,} bytes expected, {len(blob):,} are there")
        self._data = blob[start : start + size]
        entries = _ENTRY.iter_unpack(blob[_INTRO.size : start])
        self._index = {tag: (kind, offset, count) for tag, kind, offset, count in entries}

    def texts(self, tag: int, limit: int = VALUES_LIMIT) -> list[str]:
        """The first values of a text tag; none where the tag is absent or runs out of the data."""
        kind, offset, count = self._index.get(tag, (0, 0, 0))
        if kind not in (_STRING, _STRING_ARRAY, _I18N) or not 0 <= offset < len(self._data):
            return []
        count = 1 if kind == _STRING else min(count, limit)
        pieces = self._cut_texts(offset, count)
        return [piece.decode("utf-8", "surrogateescape") for piece in pieces]

    def text(self, tag: int) -> str:
        """The first value of a text tag, or an empty text."""
        return next(iter(self.texts(tag, 1)), "")

    def numbers(self, tag: int, limit: int) -> list[int]:
        """The first values of a number tag; none where the tag is absent or runs out of the data."""
        kind, offset, count = self._index.get(tag, (0, 0, 0))
        size = _SIZES.get(kind)
        if size is None or count > VALUES_LIMIT or offset < 0 or offset + size * count > len(self._data):
            return []
        stop = offset + size * min(count, limit)
        return [int.from_bytes(self._data[place : place + size], "big") for place in range(offset, stop, size)]

    def _cut_texts(self, offset: int, count: int) -> list[bytes]:
        """So many texts that end with a zero byte each."""
        data, pieces = self._data, []
        for _ in range(count):
            stop = data.find(b"\0", offset)
            if stop < 0:
                break
            pieces.append(data[offset:stop])
            offset = stop + 1
        return pieces


def parse_rpm_header(blob: bytes) -> RpmPackage:
    """The package that a header describes; raises FormatError."""
    header = _Header(blob)
    name = header.text(_NAME)
    if not name:
        raise FormatError("reading an rpm header: it has no name")
    epoch = header.numbers(_EPOCH, 1)
    return RpmPackage(
        name=name,
        epoch=epoch[0] if epoch else None,
        version=header.text(_VERSION),
        release=header.text(_RELEASE),
        architecture=header.text(_ARCH),
        source=header.text(_SOURCE),
        files=_read_files(header),
    )


def _read_files(header: _Header) -> tuple[RpmFile, ...]:
    """The files: names in a table of folders and an index into it, or whole as very old packages have them."""
    names = header.texts(_BASE_NAMES)
    folders, indexes = header.texts(_DIR_NAMES, len(names)), header.numbers(_DIR_INDEXES, len(names))
    paths: list[str] = []
    size = 0
    for name, index in zip(names, indexes, strict=False):
        path = (folders[index] if index < len(folders) else "") + name
        size += len(path) + FILE_COST
        if size > PATHS_SIZE_LIMIT:
            raise FormatError(f"reading an rpm header: its paths pass {PATHS_SIZE_LIMIT:,} characters")
        paths.append(path)
    paths = paths or header.texts(_OLD_NAMES)
    count = len(paths)
    algorithm = header.numbers(_DIGEST_ALGORITHM, 1)
    digests = header.texts(_DIGESTS, count) if algorithm == [_SHA256] else []
    columns = (
        _fill(digests, count, ""), _fill(header.numbers(_MODES, count), count, _REGULAR_MODE),
        _fill(header.numbers(_FLAGS, count), count, 0), _fill(header.numbers(_STATES, count), count, 0),
    )  # fmt: skip
    return tuple(
        RpmFile(
            path=path.strip("/"),
            sha256=digest if mode & _KIND_MASK == _REGULAR_MODE else "",
            is_directory=mode & _KIND_MASK == _DIRECTORY_MODE,
            is_ghost=bool(flags & GHOST),
            is_config=bool(flags & CONFIG),
            is_installed=state == 0,
        )
        for path, digest, mode, flags, state in zip(paths, *columns, strict=True)
    )


def _fill(values: list[T], count: int, missing: T) -> list[T]:
    """As many of the values, filled up where there are fewer."""
    return [*values[:count], *[missing] * (count - len(values))]
