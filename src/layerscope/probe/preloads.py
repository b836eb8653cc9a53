"""Variables of an image by which the loader runs foreign code in every process that is started in it."""

from collections.abc import Iterable
from typing import Final

NAMES: Final = ("LD_PRELOAD", "LD_AUDIT", "LD_PROFILE", "LD_DEBUG_OUTPUT", "GCONV_PATH")
"""glibc's, see ld.so(8) and iconv(1)."""


def find_preloads(environment: Iterable[str]) -> tuple[str, ...]:
    """Those that are set to something in an environment of `NAME=VALUE`."""
    values = {name: value for name, _, value in (each.partition("=") for each in environment)}
    return tuple(name for name in NAMES if values.get(name))
