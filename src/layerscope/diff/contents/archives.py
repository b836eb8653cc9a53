"""Archives: their members by name, and gzip files by what they hold."""

import zlib
from dataclasses import replace
from typing import Final

from layerscope.diff.contents.archive_parts import UNPACKED_LIMIT, compare_parts
from layerscope.diff.contents.content_diff import ContentDiff, ContentReader
from layerscope.diff.contents.tar_parts import read_tar_parts
from layerscope.diff.contents.work import BYTES_A_UNIT, Work
from layerscope.diff.contents.zip_parts import read_zip_parts
from layerscope.errors import FormatError

_ZIP: Final = b"PK\x03\x04"
_GZIP: Final = b"\x1f\x8b"
_TAR_MAGIC: Final = slice(257, 262)
_GZIP_WBITS: Final = 31
_GZIP_HEADER: Final = 10
_GZIP_FLAGS: Final = 3
_HAS_EXTRA, _HAS_NAME, _HAS_COMMENT = 4, 8, 16


class ZipReader(ContentReader):
    """Compares the members of zip archives: wheels, eggs and jars are such."""

    def compare(self, path: str, before: bytes, after: bytes, work: Work) -> ContentDiff | None:
        """The members that came, went, or hold something else."""
        del path
        if not before.startswith(_ZIP) or not after.startswith(_ZIP):
            return None
        try:
            return compare_parts("zip archive", read_zip_parts(before, work), read_zip_parts(after, work))
        except FormatError:
            return None


class GzipReader(ContentReader):
    """Compares what gzip files hold, a tar's members by name."""

    def compare(self, path: str, before: bytes, after: bytes, work: Work) -> ContentDiff | None:
        """Whether only the header differs, or the members of the tar within."""
        if not before.startswith(_GZIP) or not after.startswith(_GZIP):
            return None
        one, other = _inflate(before, work), _inflate(after, work)
        if one is None or other is None:
            return None
        if one == other:
            found = ContentDiff("gzip file", remark="the same content; its time or packing differs", is_noise=True)
        else:
            found = TarReader().compare(path, one, other, work) or ContentDiff("gzip file", remark="other content")
        if found.is_noise and _read_header(before) != _read_header(after):
            return replace(found, remark="the same content; the name or comment in its header differs", is_noise=False)
        return found


class TarReader(ContentReader):
    """Compares the members of tars."""

    def compare(self, path: str, before: bytes, after: bytes, work: Work) -> ContentDiff | None:
        """The members that came, went, or hold something else."""
        del path
        if before[_TAR_MAGIC] != b"ustar" or after[_TAR_MAGIC] != b"ustar":
            return None
        work.spend((len(before) + len(after)) // BYTES_A_UNIT)
        one, other = read_tar_parts(before), read_tar_parts(after)
        return None if one is None or other is None else compare_parts("tar", one, other)


def _inflate(content: bytes, work: Work) -> bytes | None:
    """What one gzip member holds; None where it is broken, more than one, or too large."""
    inflater = zlib.decompressobj(wbits=_GZIP_WBITS)
    try:
        held = inflater.decompress(content, UNPACKED_LIMIT)
    except zlib.error:
        return None
    work.spend(len(held) // BYTES_A_UNIT)
    return held if inflater.eof and not inflater.unused_data else None


def _read_header(content: bytes) -> tuple[int, bytes]:
    """The flags, and the fields behind the fixed ones (RFC 1952, 2.3): extra, name and comment."""
    flags, place = content[_GZIP_FLAGS], _GZIP_HEADER
    if flags & _HAS_EXTRA:
        place += 2 + int.from_bytes(content[place : place + 2], "little")
    for flag in (_HAS_NAME, _HAS_COMMENT):
        if flags & flag:
            place = content.index(b"\0", place) + 1
    return flags, content[_GZIP_HEADER:place]
