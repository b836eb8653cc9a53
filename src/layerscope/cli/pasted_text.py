"""Text that a person brings along: written on the command line, piped in, or in a file; never more than fits."""

import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from layerscope.errors import UsageError

STANDARD_INPUT: Final = "-"

HEAD_SIZE: Final = 256 << 10
"""Bytes of the beginning of a long text that are kept: how the process started."""
TAIL_SIZE: Final = 768 << 10
"""Bytes of its end that are kept: how it ended."""
CHUNK: Final = 64 << 10


@dataclass(frozen=True)
class PastedText:
    """A text, and how many bytes of its middle were left out."""

    text: str
    left_out: int = 0


def read_pasted(text: str | None, path: Path | None) -> PastedText:
    """The text that was meant; raises UsageError where it cannot be had."""
    try:
        if path is not None:
            with path.open("rb") as file:
                return read_ends(file)
        if text == STANDARD_INPUT:
            if sys.stdin.isatty():
                sys.stderr.write("paste the text, then press Ctrl-D\n")
            return read_ends(sys.stdin.buffer)
    except OSError as error:
        raise UsageError(f"reading {path or 'standard input'}: {error.strerror}") from error
    assert text is not None, "the command asks for one of the two"
    return PastedText(text)


def read_ends(stream: BinaryIO) -> PastedText:
    """The beginning and the end of a stream of any length."""
    head = stream.read(HEAD_SIZE)
    tail: deque[bytes] = deque()
    kept = left_out = 0
    while chunk := stream.read(CHUNK):
        tail.append(chunk)
        kept += len(chunk)
        while kept - len(tail[0]) >= TAIL_SIZE:
            gone = len(tail.popleft())
            kept -= gone
            left_out += gone
    between = b"\n" if left_out else b""
    return PastedText((head + between + b"".join(tail)).decode(errors="replace"), left_out)
