"""Which Node.js a program is: its headers' address stands in every build, and node_version.h beside some.

https://nodejs.org/api/process.html#processrelease: `process.release.headersUrl`.
"""

import re
from typing import Final

MARK_LIMIT: Final = 128
"""Bytes that a mark may have, for readers who see a program in pieces."""

_MARK: Final = re.compile(rb"node-(v\d{1,4}\.\d{1,4}\.\d{1,4}(?:-[0-9A-Za-z.]{1,40})?)-headers\.tar\.")
_NUMBER: Final = re.compile(rb"#define NODE_(MAJOR|MINOR|PATCH)_VERSION (\d{1,6})\s")
_MODULE_VERSION: Final = re.compile(rb"#define NODE_MODULE_VERSION (\d{1,6})\s")


def find_node_version(content: bytes) -> str | None:
    """The version without its `v` that a program's bytes name, or None."""
    match = _MARK.search(content)
    return match[1][1:].decode("ascii") if match is not None else None


def parse_node_header(content: bytes) -> tuple[str, int] | None:
    """Version and module version (the ABI that native add-ons are built for, 0 if absent) of node_version.h."""
    numbers = {match[1]: int(match[2]) for match in _NUMBER.finditer(content)}
    parts = [numbers.get(name) for name in (b"MAJOR", b"MINOR", b"PATCH")]
    if None in parts:
        return None
    module = _MODULE_VERSION.search(content)
    return ".".join(map(str, parts)), int(module[1]) if module is not None else 0
