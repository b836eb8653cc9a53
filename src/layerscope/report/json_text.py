"""JSON as text that is the same everywhere and safe to show: indented, ASCII, keys in the order of their types."""

import re
from typing import Final

import msgspec

from layerscope.report.escape import escape_text

_NOT_ASCII: Final = re.compile(rb"[\x7f-\xff]+")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


def encode_json(document: object) -> str:
    r"""Return a document as JSON; what is not printable ASCII is written as an escape, so that no terminal obeys it.

    A byte of a name that is not UTF-8, kept as a lone surrogate, becomes the four characters `\xff`: JSON holds text.
    A comparison of large images has 100 MB of it, so that what is done with is let go of before the next form is made.
    """
    try:
        content = msgspec.json.encode(document)
    except UnicodeEncodeError:
        content = msgspec.json.encode(_write_out_surrogates(msgspec.to_builtins(document)))
    del document
    escaped = _write_escapes(content)
    del content
    formatted = msgspec.json.format(escaped, indent=2)
    del escaped
    formatted += b"\n"
    return formatted.decode()


def _write_out_surrogates(value: object) -> object:
    if isinstance(value, str):
        return _SURROGATE.sub(lambda match: escape_text(match[0]), value)
    if isinstance(value, list | tuple):
        return [_write_out_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_write_out_surrogates(key): _write_out_surrogates(item) for key, item in value.items()}
    return value


def _write_escapes(content: bytes) -> bytes | bytearray:
    """UTF-8 with an escape in place of each character that is not printable ASCII; text of such would take twice it."""
    written, place = bytearray(), 0
    for match in _NOT_ASCII.finditer(content):
        written += memoryview(content)[place : match.start()]
        units = match[0].decode().encode("utf-16-be")
        for start in range(0, len(units), 2):
            written += b"\\u%02x%02x" % (units[start], units[start + 1])
        place = match.end()
    if not place:
        return content
    written += memoryview(content)[place:]
    return written
