"""Memory of threads: glibc gives each an arena of its own, and keeps what a layer needed for the next one's threads."""

import ctypes
from typing import Final

_ARENA_MAX: Final = -8
"""M_ARENA_MAX: https://man7.org/linux/man-pages/man3/mallopt.3.html"""

ARENAS: Final = 1
"""Threads here ask for large pieces and rarely: one arena costs no time that could be measured, and a third of memory
was saved on an image of twelve layers."""


def share_arenas() -> None:
    """Have all threads that come share their memory; does nothing where the C library is no glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, ARENAS)
