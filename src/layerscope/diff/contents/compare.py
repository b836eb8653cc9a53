"""The kinds of file whose contents can be told apart, in the order in which they are tried."""

from typing import Final

from layerscope.diff.contents.archives import GzipReader, TarReader, ZipReader
from layerscope.diff.contents.byte_code import ByteCodeReader
from layerscope.diff.contents.content_diff import ContentDiff, ContentReader
from layerscope.diff.contents.documents import JSON_READER, TOML_READER
from layerscope.diff.contents.text import TextReader
from layerscope.diff.contents.work import Work, WorkSpentError

READERS: Final[tuple[ContentReader, ...]] = (
    ByteCodeReader(), ZipReader(), GzipReader(), TarReader(), JSON_READER, TOML_READER, TextReader(),
)  # fmt: skip

BYTES: Final = ContentDiff("bytes")
"""What no reader knows."""


_SPENT: Final = ContentDiff("bytes", remark="not looked into: the files before it took all the time there is")


def compare_contents(path: str, before: bytes, after: bytes, work: Work | None = None) -> ContentDiff:
    """What differs between two contents at one path that are not the same; several files share `work`."""
    work = work or Work()
    try:
        for reader in READERS:
            found = reader.compare(path, before, after, work)
            if found is not None:
                return found
    except WorkSpentError:
        return _SPENT
    return BYTES
