"""The `entry_points.txt` of a distribution: commands and plug-ins that it offers.

https://packaging.python.org/en/latest/specifications/entry-points/
"""

from typing import Final

from msgspec import Struct

LINES_LIMIT: Final = 20_000
"""Lines that are looked at; the largest seen has some 1,500."""

TEXT_LIMIT: Final = 500
"""Characters of one line."""


class EntryPoint(Struct, frozen=True):
    """`name = value` in a group: a module, with an attribute after a colon."""

    group: str
    name: str
    value: str


def parse_entry_points(content: bytes) -> tuple[EntryPoint, ...]:
    """The entry points in file order; lines that are none are left out."""
    points, group = [], ""
    for raw in content.decode("utf-8", "replace").splitlines()[:LINES_LIMIT]:
        line = raw.strip()[:TEXT_LIMIT]
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
            continue
        name, equals, value = line.partition("=")
        if group and equals and line[0] not in "#;" and name.strip() and value.strip():
            points.append(EntryPoint(group, name.strip(), value.strip()))
    return tuple(points)
