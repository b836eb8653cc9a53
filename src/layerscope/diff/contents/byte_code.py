"""Compiled Python: a header that names its source, and code (https://peps.python.org/pep-0552/)."""

from typing import Final

from layerscope.diff.contents.content_diff import ContentDiff, ContentReader
from layerscope.diff.contents.work import Work

_HEADER: Final = 16
_MAGIC: Final = slice(0, 4)
_MAGIC_END: Final = b"\r\n"
_FLAGS: Final = slice(4, 8)
_BY_TIME: Final = bytes(4)
"""The flags of code that is taken for current by its source's time and size."""
_KNOWN: Final = range(3392, 20_000)
"""Magic numbers since Python 3.7, whose header is of this form; those of Python 2 are greater."""


class ByteCodeReader(ContentReader):
    """Compares magic number, header and code; the code is not run and not unmarshalled."""

    def compare(self, path: str, before: bytes, after: bytes, work: Work) -> ContentDiff | None:
        """Whether the code differs, or only what the header says of the source."""
        del work
        if not path.endswith(".pyc") or not _is_known(before) or not _is_known(after):
            return None
        if before[_MAGIC] != after[_MAGIC]:
            return ContentDiff("byte-code", remark="compiled by another version of Python")
        if before[_HEADER:] != after[_HEADER:]:
            return ContentDiff("byte-code", remark="other code")
        if before[_FLAGS] != after[_FLAGS]:
            return ContentDiff("byte-code", remark="the same code; whether it is current is told in another way")
        if before[_FLAGS] != _BY_TIME:
            return ContentDiff("byte-code", remark="the same code; the hash of its source differs")
        return ContentDiff("byte-code", remark="the same code; the time or size of its source differs", is_noise=True)


def _is_known(content: bytes) -> bool:
    return len(content) >= _HEADER and content[2:4] == _MAGIC_END and int.from_bytes(content[:2], "little") in _KNOWN
