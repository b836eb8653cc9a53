"""Packages that conda installed, environment by environment."""

from collections.abc import Iterator
from typing import Final

import msgspec

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.conda_extractor import CondaExtractor
from layerscope.facts.python.metadata_extractor import find_problem
from layerscope.formats.conda_meta import CondaPackage

PACKAGES_LIMIT: Final = 20_000
"""Packages of one image; the largest environments have some 800."""


class InstalledCondaPackage(Fact, frozen=True):
    """One conda package of the environment at `prefix`."""

    prefix: str
    name: str
    version: str
    build: str
    channel: str
    depends: tuple[str, ...]
    layer: int


class CondaPackageCollector(Collector):
    """Reads conda's records."""

    name = "python.conda-packages"
    extractors = (CondaExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact a package, layer by layer, and a gap for each record that does not parse."""
        count = 0
        for layer, path, kept in context.extracts(CondaExtractor.name):
            node = context.tree.get(path)
            if node is None or node.content_layer != layer:
                continue
            if problem := find_problem(kept):
                yield Gap("a conda package", f"/{path}", problem)
                continue
            count += 1
            if count > PACKAGES_LIMIT:
                yield Gap("conda packages", "image", f"more than {PACKAGES_LIMIT:,}; the rest is not told")
                return
            package = msgspec.convert(kept, type=CondaPackage)
            yield InstalledCondaPackage(
                evidence=Evidence(layer=layer, path=path),
                prefix=path.rpartition("/")[0].rpartition("/")[0],
                name=package.name,
                version=package.version,
                build=package.build,
                channel=package.channel,
                depends=package.depends,
                layer=layer,
            )
