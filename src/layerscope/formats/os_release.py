"""The distribution's own description of itself, os-release(5)."""

import shlex
from typing import Final

LINES_LIMIT: Final = 200
"""Real files have about fifteen lines."""


def parse_os_release(content: bytes) -> dict[str, str]:
    """The assignments of the file, unquoted as a shell would; lines that do not parse are left out."""
    values = {}
    for line in content.decode("utf-8", "replace").splitlines()[:LINES_LIMIT]:
        name, equals, raw = line.strip().partition("=")
        if equals and name.isidentifier():
            values[name] = _unquote(raw)
    return values


def _unquote(raw: str) -> str:
    """The value without its shell quotes."""
    try:
        return "".join(shlex.split(raw))
    except ValueError:
        return raw.strip("'\"")
