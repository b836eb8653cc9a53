"""Text of an image made safe to show: nothing in it can move a cursor, hide, or turn around what a person reads."""

from typing import Final

_ESCAPED_BYTES: Final = "".join(map(chr, range(0xDC80, 0xDD00)))
"""What bytes from 0x80 to 0xff become where they are not UTF-8 (surrogateescape, PEP 383)."""


def escape_text(text: str) -> str:
    r"""Return `text` with every character that does not print written out: `\x1b`, `\u202e`, `\n`.

    Python's `isprintable` is false for control, format (bidirectional and zero-width), surrogate, private and
    unassigned characters and for all separators but the space, which is every character that could deceive. A byte
    that was not UTF-8, kept as a lone surrogate, is shown as the byte it was.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _write_out(character) for character in text)


def escape_file_line(text: str) -> str:
    """Return a line of a file so that it can still be copied: tabs and the carriage return at its end stay."""
    line = text.removesuffix("\r")
    return escape_but_tabs(line) + text[len(line) :]


def escape_but_tabs(text: str) -> str:
    """Return what was a line of a file so that its columns stay."""
    return "\t".join(map(escape_text, text.split("\t")))


def escape_line(text: str) -> str:
    """Return `text` on one line: each run of white space as one space, then escaped."""
    return escape_text(" ".join(text.split()))


def shorten(text: str, width: int, *, ellipsis: str) -> str:
    """Return the start of `text` so that it takes at most `width` columns, the mark of a cut included."""
    if measure(text) <= width:
        return text
    if text.isascii():
        return text[: max(width - len(ellipsis), 0)].rstrip() + ellipsis
    from rich.cells import set_cell_size

    return set_cell_size(text, max(width - len(ellipsis), 0)).rstrip() + ellipsis


def measure(text: str) -> int:
    """The columns that `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _write_out(character: str) -> str:
    if character in _ESCAPED_BYTES:
        return f"\\x{ord(character) - ord(_ESCAPED_BYTES[0]) + 0x80:02x}"
    return character.encode("unicode_escape").decode()
