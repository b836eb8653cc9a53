"""The distribution that the image says it is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.formats.os_release import parse_os_release
from layerscope.layers.extractor import Wants

PATHS: Final = ("etc/os-release", "usr/lib/os-release")
"""In the order that os-release(5) sets."""

_KEPT: Final = ("ID", "VERSION_ID", "PRETTY_NAME", "VERSION_CODENAME", "ID_LIKE")


@dataclass(frozen=True, slots=True)
class OsRelease(Fact):
    """Identifier (`debian`), version (`12`), code name and name for people."""

    id: str
    version_id: str
    code_name: str
    pretty_name: str
    id_like: tuple[str, ...]


@dataclass(frozen=True)
class OsReleaseExtractor:
    """Keeps the fields that name the release."""

    name: str = "os-release"
    version: int = 1
    wants: Wants = field(default=Wants(paths=frozenset(PATHS), limit=16384))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The fields by name."""
        del path, size, mode
        values = parse_os_release(content)
        return {name: values[name][:200] for name in _KEPT if name in values}


class OsReleaseCollector(Collector):
    """Reads os-release where the container would."""

    name = "system.os-release"
    extractors = (OsReleaseExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the release, if the image names one."""
        for path in PATHS:
            node = context.tree.resolve(path)
            values = context.extract_of(OsReleaseExtractor.name, node) if node is not None else None
            if node is not None and isinstance(values, dict):
                yield OsRelease(
                    evidence=Evidence(layer=node.layer, path=path),
                    id=str(values.get("ID", "linux")),
                    version_id=str(values.get("VERSION_ID", "")),
                    code_name=str(values.get("VERSION_CODENAME", "")),
                    pretty_name=str(values.get("PRETTY_NAME", "")),
                    id_like=tuple(str(values.get("ID_LIKE", "")).split()),
                )
                return
