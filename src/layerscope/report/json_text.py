"""JSON as text that is the same everywhere and safe to show: indented, ASCII, keys in the order of their types."""

import re
from typing import Final

import msgspec

from layerscope.report.escape import escape_text

_NOT_ASCII: Final = re.compile(rb"[\x7f-\xff]+")
_DELETE: Final = 0x7F
_PIECE: Final = 1 << 15
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
    """UTF-8 with an escape in place of each character that is not printable ASCII; text of such would take twice it.

    Most pieces hold none, and that is seen twenty times as fast as one is found.
    """
    if _is_plain(content):
        return content
    written, start = bytearray(), 0
    while start < len(content):
        stop = start + _PIECE
        while stop < len(content) and content[stop] >= _DELETE:  # a character is not cut
            stop += 1
        piece = content[start:stop]
        written += piece if _is_plain(piece) else _NOT_ASCII.sub(_escape, piece)
        start = stop
    return written


def _is_plain(piece: bytes) -> bool:
    return piece.isascii() and _DELETE not in piece


def _escape(match: re.Match[bytes]) -> bytes:
    units = match[0].decode().encode("utf-16-be")
    return b"".join(b"\\u%02x%02x" % (units[place], units[place + 1]) for place in range(0, len(units), 2))
