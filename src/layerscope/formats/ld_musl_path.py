"""musl's `/etc/ld-musl-ARCH.path`: the directories that its loader searches in place of its own."""

from typing import Final

FOLDERS_LIMIT: Final = 10_000
"""Directories of one file; Alpine's has none, since it has no such file."""


def parse_ld_musl_path(content: bytes) -> tuple[str, ...]:
    """The directories in file order, parted by newlines or colons; empty ones say nothing to musl."""
    text = content.partition(b"\0")[0].decode("utf-8", "surrogateescape")
    return tuple(folder for folder in text.replace("\n", ":").split(":")[:FOLDERS_LIMIT] if folder)
