"""Copies of OpenSSL among the shared libraries."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.layers.entry import EntryType

_MARK: Final = "/libssl.so."
_SERIES: Final = re.compile(r"(3|1\.1|1\.0)(?:\.|$)|(10)$")
_SYSTEM: Final = re.compile(r"(?:usr/)?(?:local/)?lib(?:32|64)?(?:/[a-z0-9_]+-linux-(?:gnu|musl)[a-z0-9]*)?")


class OpenSslLibrary(Fact, frozen=True):
    """A libssl: its series (`1.0`, `1.1`, `3`, which cannot stand in for one another) and where it lies.

    `is_system` says that every program finds it without being told where.
    """

    series: str
    path: str
    layer: int
    is_system: bool


class OpenSslCollector(Collector):
    """Finds the libraries by their names."""

    name = "system.openssl"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact a library, by path."""
        yield from context.shared(find_openssl)


def find_openssl(context: FactContext) -> tuple[OpenSslLibrary, ...]:
    """The libraries by path, links left out; ask through `context.shared`."""
    found = []
    for path in sorted(path for path in context.tree if _MARK in path):
        folder, _, version = path.rpartition(_MARK)
        match = _SERIES.match(version)
        node = context.tree.get(path)
        if match is None or node is None or node.type is not EntryType.FILE:
            continue
        is_system = _SYSTEM.fullmatch(folder) is not None
        found.append(
            OpenSslLibrary(Evidence(layer=node.layer, path=path), match[1] or "1.0", path, node.layer, is_system)
        )
    return tuple(found)
