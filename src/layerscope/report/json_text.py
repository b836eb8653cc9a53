"""JSON as text that is the same everywhere and safe to show: indented, ASCII, keys in the order of their types."""

import re
from typing import Final

import msgspec

from layerscope.report.escape import escape_text

_NOT_ASCII: Final = re.compile(r"[^\x00-\x7e]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


def encode_json(document: object) -> str:
    r"""Return a document as JSON; what is not printable ASCII is written as an escape, so that no terminal obeys it.

    A byte of a name that is not UTF-8, kept as a lone surrogate, becomes the four characters `\xff`: JSON holds text.
    """
    try:
        content = msgspec.json.encode(document)
    except UnicodeEncodeError:
        content = msgspec.json.encode(_write_out_surrogates(msgspec.to_builtins(document)))
    text = msgspec.json.format(content, indent=2).decode()
    return _NOT_ASCII.sub(_write_escape, text) + "\n"


def _write_out_surrogates(value: object) -> object:
    if isinstance(value, str):
        return _SURROGATE.sub(lambda match: escape_text(match[0]), value)
    if isinstance(value, list | tuple):
        return [_write_out_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_write_out_surrogates(key): _write_out_surrogates(item) for key, item in value.items()}
    return value


def _write_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[start]:02x}{units[start + 1]:02x}" for start in range(0, len(units), 2))
