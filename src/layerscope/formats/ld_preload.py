"""The lists of libraries that a loader loads first: `/etc/ld.so.preload` and the variable LD_PRELOAD."""

import re
from typing import Final

NAMES_LIMIT: Final = 1000
"""Names of one list; each is a library in every process."""


def parse_ld_preload(content: bytes) -> tuple[str, ...]:
    """The names in /etc/ld.so.preload, parted by blanks, newlines or colons; `#` begins a comment."""
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    return split_preload(" ".join(line.partition("#")[0] for line in lines))


def split_preload(value: str) -> tuple[str, ...]:
    """The names in a value of LD_PRELOAD, parted by blanks or colons."""
    return tuple(name for name in re.split(r"[\s:]+", value) if name)[:NAMES_LIMIT]
