"""Text compared line by line."""

from difflib import unified_diff
from typing import Final

from layerscope.diff.contents.content_diff import ContentDiff, ContentReader
from layerscope.formats.secret_text import redact_text
from layerscope.layers.limits import KIB

TEXT_LIMIT: Final = 256 * KIB
"""Bytes of a text: the time that difflib takes rises with the square of the lines."""

LINES_LIMIT: Final = 400
"""Lines of a diff that are kept."""


class TextReader(ContentReader):
    """Compares UTF-8 text; credentials in it are hidden."""

    def compare(self, path: str, before: bytes, after: bytes) -> ContentDiff | None:
        """A unified diff, without its heading."""
        del path
        if b"\0" in before or b"\0" in after:
            return None
        try:
            one, other = before.decode().splitlines(), after.decode().splitlines()
        except UnicodeDecodeError:
            return None
        if max(len(before), len(after)) > TEXT_LIMIT:
            return ContentDiff("text", remark=f"longer than {TEXT_LIMIT // KIB} KiB, which is not compared by line")
        lines = list(unified_diff(one, other, lineterm="", n=2))[2:]
        if not lines:
            return ContentDiff("text", remark="the same lines, ended in another way")
        more = f"{len(lines) - LINES_LIMIT:,} more lines" if len(lines) > LINES_LIMIT else ""
        return ContentDiff("text", tuple(redact_text(line) for line in lines[:LINES_LIMIT]), remark=more)
