"""Gradle's lock file, `gradle.lockfile`: https://docs.gradle.org/current/userguide/dependency_locking.html."""

from typing import Final

from msgspec import Struct

LINES_LIMIT: Final = 100_000
"""Lines that are read; one for each module, of which large builds have some thousands."""

_COORDINATE_PARTS: Final = 3


class LockedModule(Struct, frozen=True):
    """A module with the version that it is locked to."""

    group: str
    name: str
    version: str


def parse_gradle_lock(content: bytes) -> tuple[LockedModule, ...]:
    """The modules in file order: `group:name:version=configuration,…`; comments and `empty=` are left out."""
    modules: list[LockedModule] = []
    for line in content.decode("utf-8", "replace").splitlines()[:LINES_LIMIT]:
        coordinate, equals, _ = line.strip().partition("=")
        parts = coordinate.split(":")
        if equals and not line.startswith("#") and len(parts) == _COORDINATE_PARTS:
            modules.append(LockedModule(parts[0], parts[1], parts[2]))
    return tuple(modules)
