"""Hashing bytes that no cache of this core holds, because another one put them into memory or they are many.

SHA-256 reads them at two thirds of its speed: every page begins with a wait, as the processor's own look ahead ends
with the page before. One byte of each that is asked for before makes them come: 1.27, 1.78 and, of bytes that are at
hand, 1.9 GB a second were measured in a virtual machine on two cores of a Xeon, with SHA-NI.
"""

from collections.abc import Callable
from typing import Final

STEP: Final = 128 << 10
"""Bytes hashed at a time: half of it won 2 % more and takes the interpreter lock twice as often; 1 MiB won nothing."""

PAGE: Final = 4096
"""Bytes from touch to touch: with four times as many touches, more is lost by them than won."""


def hash_far(update: Callable[[memoryview], object], chunk: bytes | memoryview) -> None:
    """Give a chunk of plain bytes to a hash, in steps of which each has its pages touched first."""
    view = memoryview(chunk)
    for start in range(0, len(view), STEP):
        part = view[start : start + STEP]
        bytes(part[::PAGE])
        update(part)
