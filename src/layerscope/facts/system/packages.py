"""The packages of the distribution."""

from collections.abc import Iterator

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.package_databases import PackageDatabase, find_package_databases
from layerscope.facts.system.package_extractors import (
    ApkExtractor,
    DpkgFolderExtractor,
    DpkgListExtractor,
    DpkgStatusExtractor,
    RpmExtractor,
)


class SystemPackage(Struct, frozen=True):
    """One package; `layer` is where this version of it came, `status` dpkg's word where it is not whole, else empty."""

    name: str
    version: str
    architecture: str
    source: str
    layer: int
    status: str = ""


class SystemPackages(Fact, frozen=True):
    """All packages of one manager (dpkg, apk, rpm), in the order of its database.

    Removed packages whose configuration dpkg still remembers are left out.
    """

    manager: str
    packages: tuple[SystemPackage, ...]


class SystemPackageCollector(Collector):
    """Reads the databases that the container sees."""

    name = "system.packages"
    extractors = (
        DpkgStatusExtractor(), DpkgFolderExtractor(), DpkgListExtractor(), ApkExtractor(), RpmExtractor(),
    )  # fmt: skip

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact a database, and the gaps."""
        found = context.shared(find_package_databases)
        yield from found.gaps
        for database in found.databases:
            yield SystemPackages(
                evidence=Evidence(layer=database.layer, path=database.path),
                manager=database.manager,
                packages=tuple(_iter_packages(database)),
            )


def _iter_packages(database: PackageDatabase) -> Iterator[SystemPackage]:
    """The packages that are there, whole or in part."""
    for each in database.packages:
        if not each.status.endswith((" config-files", " not-installed")):
            status = "" if each.is_installed else each.status
            yield SystemPackage(each.name, each.version, each.architecture, each.source, each.layer, status)
