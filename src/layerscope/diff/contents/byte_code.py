"""Compiled Python: a header that names its source, and code (https://peps.python.org/pep-0552/)."""

from typing import Final

from layerscope.diff.contents.content_diff import ContentDiff, ContentReader

_HEADER: Final = 16
_MAGIC: Final = slice(0, 4)
_MAGIC_END: Final = b"\r\n"


class ByteCodeReader(ContentReader):
    """Compares magic number, header and code; the code is not run and not unmarshalled."""

    def compare(self, path: str, before: bytes, after: bytes) -> ContentDiff | None:
        """Whether the code differs, or only what the header says of the source."""
        if not path.endswith(".pyc") or min(len(before), len(after)) < _HEADER:
            return None
        if before[2:4] != _MAGIC_END or after[2:4] != _MAGIC_END:
            return None
        if before[_MAGIC] != after[_MAGIC]:
            return ContentDiff("byte-code", remark="compiled by another version of Python")
        if before[_HEADER:] == after[_HEADER:]:
            return ContentDiff("byte-code", remark="the same code; the time of its source differs", is_noise=True)
        return ContentDiff("byte-code", remark="other code")
