"""Archives: their members by name, and gzip files by what they hold."""

import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Final

from layerscope.diff.contents.content_diff import ContentDiff, ContentReader
from layerscope.errors import FormatError
from layerscope.formats.zip_directory import iter_zip_members, read_zip_member
from layerscope.layers.limits import MIB

UNPACKED_LIMIT: Final = 16 * MIB
"""Bytes of an archive's members that are compared."""

MEMBERS_LIMIT: Final = 20_000

_ZIP: Final = b"PK\x03\x04"
_GZIP: Final = b"\x1f\x8b"
_TAR_MAGIC: Final = slice(257, 262)
_GZIP_WBITS: Final = 31


class ZipReader(ContentReader):
    """Compares the members of zip archives: wheels, eggs and jars are such."""

    def compare(self, path: str, before: bytes, after: bytes) -> ContentDiff | None:
        """The members that came, went, or hold something else."""
        del path
        if not before.startswith(_ZIP) or not after.startswith(_ZIP):
            return None
        try:
            one, other = _read_zip(before), _read_zip(after)
        except FormatError:
            return None
        return _compare_members("zip archive", one, other)


class GzipReader(ContentReader):
    """Compares what gzip files hold, a tar's members by name."""

    def compare(self, path: str, before: bytes, after: bytes) -> ContentDiff | None:
        """Whether only the header differs, or the members of the tar within."""
        del path
        if not before.startswith(_GZIP) or not after.startswith(_GZIP):
            return None
        one, other = _inflate(before), _inflate(after)
        if one is None or other is None:
            return None
        if one == other:
            return ContentDiff("gzip file", remark="the same content; its header or packing differs", is_noise=True)
        if one[_TAR_MAGIC] == other[_TAR_MAGIC] == b"ustar":
            return TarReader().compare("", one, other)
        return ContentDiff("gzip file", remark="other content")


class TarReader(ContentReader):
    """Compares the members of tars."""

    def compare(self, path: str, before: bytes, after: bytes) -> ContentDiff | None:
        """The members that came, went, or hold something else."""
        del path
        if before[_TAR_MAGIC] != b"ustar" or after[_TAR_MAGIC] != b"ustar":
            return None
        try:
            return _compare_members("tar", dict(_iter_tar(before)), dict(_iter_tar(after)))
        except (tarfile.TarError, ValueError, EOFError, OSError):
            return None


def _compare_members(kind: str, before: Mapping[str, object], after: Mapping[str, object]) -> ContentDiff:
    lines = []
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            lines.append(f"-{name}")
        elif name not in before:
            lines.append(f"+{name}")
        elif before[name] != after[name]:
            lines.append(f"~{name}")
    if not lines:
        return ContentDiff(kind, remark="the same members; their times, order or packing differ", is_noise=True)
    return ContentDiff(kind, tuple(lines))


def _read_zip(content: bytes) -> dict[str, object]:
    """Each member by name, with its bytes; raises FormatError, also for one that is too large to compare."""
    found: dict[str, object] = {}
    left = UNPACKED_LIMIT
    for number, member in enumerate(iter_zip_members(content)):
        left -= member.size
        if left < 0 or number > MEMBERS_LIMIT:
            raise FormatError("comparing a zip archive: it holds too much")
        found[member.name] = read_zip_member(content, member, member.size)
    return found


def _inflate(content: bytes) -> bytes | None:
    """What one gzip member holds; None where it is broken, more than one, or too large."""
    inflater = zlib.decompressobj(wbits=_GZIP_WBITS)
    try:
        held = inflater.decompress(content, UNPACKED_LIMIT)
    except zlib.error:
        return None
    return held if inflater.eof and not inflater.unused_data else None


def _iter_tar(content: bytes) -> Iterator[tuple[str, object]]:
    """Each member by name, with all that a reader could tell but its times; nothing is unpacked to the disk."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        for number, member in enumerate(archive):
            if number > MEMBERS_LIMIT:
                raise ValueError("too many members")
            file = archive.extractfile(member) if member.isreg() else None
            held = file.read() if file is not None else b""
            yield member.name, (member.type, member.mode, member.uid, member.gid, member.linkname, held)
