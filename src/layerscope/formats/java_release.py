"""The `release` file at the top of a Java runtime: https://openjdk.org/jeps/223 says how versions read."""

import re
from typing import Final

from msgspec import Struct

LINES_LIMIT: Final = 100
"""Lines that are read; real files have about twenty."""

TEXT_LIMIT: Final = 200
"""Characters of a value."""

_NAME: Final = re.compile(r"[A-Z_]+")
_FEATURE: Final = re.compile(r"(?:1\.)?(\d{1,4})(?:[._+-]|$)")


class JavaRelease(Struct, frozen=True):
    """A runtime: its version as written, its feature release (8, 17, 21), and who made it."""

    version: str
    feature: int
    implementor: str


def parse_java_release(content: bytes) -> JavaRelease | None:
    """The runtime, or None for a file that names no Java version."""
    lines = content.decode("utf-8", "replace").splitlines()[:LINES_LIMIT]
    pairs = (line.partition("=") for line in lines)
    values = {name: value.strip().strip('"')[:TEXT_LIMIT] for name, _, value in pairs if _NAME.fullmatch(name)}
    version = values.get("JAVA_VERSION", "")
    match = _FEATURE.match(version)
    if match is None:
        return None
    return JavaRelease(version, int(match[1]), values.get("IMPLEMENTOR", ""))
