"""Core metadata of a Python distribution: `METADATA` of a dist-info, `PKG-INFO` of an egg-info.

The fields are those of https://packaging.python.org/en/latest/specifications/core-metadata/; only the headers are read,
the description below them is not.
"""

from typing import Final

from msgspec import Struct

from layerscope.errors import FormatError

HEADERS_LIMIT: Final = 1 << 20
"""Bytes of headers that are looked at; descriptions that stand among them make the largest, with some 200,000."""

REQUIREMENTS_LIMIT: Final = 5_000
"""Requirements of one distribution; meta distributions with every extra spelled out have some 600."""

TEXT_LIMIT: Final = 2_000
"""Characters of one field; the longest requirement with its marker has some 300."""


class DistMetadata(Struct, frozen=True):
    """What a distribution says of itself; texts as they stand there."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    requires_python: str = ""
    extras: tuple[str, ...] = ()


def parse_dist_metadata(content: bytes) -> DistMetadata:
    """The metadata; raises FormatError where there is no name or there are too many requirements."""
    fields = _read_headers(content[:HEADERS_LIMIT])
    name = fields.get("name", [""])[0]
    if not name:
        raise FormatError("reading core metadata: no Name among the headers")
    requires = fields.get("requires-dist", [])
    if len(requires) > REQUIREMENTS_LIMIT:
        raise FormatError(
            f"reading core metadata of {name}: {len(requires):,} requirements, limit {REQUIREMENTS_LIMIT:,}"
        )
    return DistMetadata(
        name=name,
        version=fields.get("version", [""])[0],
        requires=tuple(requires),
        requires_python=fields.get("requires-python", [""])[0],
        extras=tuple(fields.get("provides-extra", [])),
    )


_WANTED: Final = frozenset({"name", "version", "requires-dist", "requires-python", "provides-extra"})


def _read_headers(content: bytes) -> dict[str, list[str]]:
    """The values of the wanted fields by their name in lower case; a line that begins with a blank goes on."""
    fields: dict[str, list[str]] = {}
    current: list[str] | None = None
    for raw in content.decode("utf-8", "replace").split("\n"):
        line = raw.rstrip("\r")
        if not line:
            break
        if line[0] in " \t":
            if current is not None and len(current[-1]) < TEXT_LIMIT:
                current[-1] = f"{current[-1]} {line.strip()}"[:TEXT_LIMIT]
            continue
        name, _, value = line.partition(":")
        current = fields.setdefault(name.lower(), []) if name.lower() in _WANTED else None
        if current is not None:
            current.append(value.strip()[:TEXT_LIMIT])
    return fields
