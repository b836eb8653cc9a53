"""`patchlevel.h` among CPython's headers: its exact version."""

import re
from typing import Final

_VERSION: Final = re.compile(rb'^#define[ \t]+PY_VERSION[ \t]+"([0-9][0-9A-Za-z.+]{0,40})"', re.MULTILINE)


def parse_patchlevel(content: bytes) -> str:
    """The version, `3.11.9` or `3.14.0rc2`; empty where the file does not say."""
    found = _VERSION.search(content)
    return found[1].decode() if found else ""
