"""The distribution that the image says it is."""

from collections.abc import Iterator

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.os_release_extractor import PATHS, OsReleaseExtractor


class OsRelease(Fact, frozen=True):
    """Identifier (`debian`), version (`12`), code name and name for people."""

    id: str
    version_id: str
    code_name: str
    pretty_name: str
    id_like: tuple[str, ...]


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
