"""Numbers in tar headers: octal text, and base-256 where octal is too short.

Formats: POSIX.1-1988 ustar; https://www.gnu.org/software/tar/manual/html_node/Extensions.html#base_002d256-encoding
"""


def parse_number(field: bytes) -> int:
    """The number in a header field, an empty field being zero; raises ValueError."""
    first = field[0]
    if first & 0x80:
        value = int.from_bytes(bytes([first & 0x7F]) + field[1:], "big")
        if first & 0x40:
            value -= 1 << (8 * len(field) - 1)
        return value
    text = field.strip(b" \0").partition(b"\0")[0]
    if not text:
        return 0
    if not text.isdigit():
        raise ValueError(f"not an octal number: {field!r}")
    return int(text, 8)
