"""apt's package lists beside the installations that used them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.apt_release_extractor import LISTS, AptReleaseExtractor
from layerscope.facts.times import SECOND_NS, to_datetime
from layerscope.layers.entry import EntryType
from layerscope.layers.index import LayerIndex

DPKG_INFO: Final = "var/lib/dpkg/info/"
_DPKG_LIST: Final = ".list"


class PackageLists(Fact, frozen=True):
    """Package lists that one layer brings: when the repository published the newest, and when they were fetched.

    The time of fetching is the newest of anything below the folder: apt touches its lock there, while the lists
    themselves carry the server's times.
    """

    layer: int
    files: int
    published: datetime | None
    fetched: datetime | None
    instruction: str


class PackageInstallation(Fact, frozen=True):
    """Debian packages that one layer unpacks, and when; `touches_lists` tells that it fetched lists of its own."""

    layer: int
    packages: int
    installed: datetime | None
    touches_lists: bool
    instruction: str


class AptCollector(Collector):
    """Finds which layers bring lists, and which install packages."""

    name = "system.apt"
    extractors = (AptReleaseExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield lists and installations, lowest layer first."""
        for layer, scan in enumerate(context.scans):
            index, paths = scan.index, scan.index.paths
            below = context.places[layer].package_state
            listed = [position for position in below if f"{paths[position]}/".startswith(LISTS)]
            files = [position for position in listed if _is_list(index, position)]
            if files:
                published = scan.extracts.get(AptReleaseExtractor.name, {}).values()
                dates = [date for date in published if isinstance(date, int)]
                yield PackageLists(
                    evidence=Evidence(layer=layer, path=LISTS.rstrip("/")),
                    layer=layer,
                    files=len(files),
                    published=to_datetime(max(dates) * SECOND_NS) if dates else None,
                    fetched=to_datetime(max(index.mtimes_ns[position] for position in listed)),
                    instruction=context.instruction(layer),
                )
            installed = [position for position in below if _is_package(index, position)]
            if installed:
                yield PackageInstallation(
                    evidence=Evidence(layer=layer, path=DPKG_INFO.rstrip("/")),
                    layer=layer,
                    packages=len(installed),
                    installed=to_datetime(max(index.mtimes_ns[position] for position in installed)),
                    touches_lists=bool(listed),
                    instruction=context.instruction(layer),
                )


def _is_list(index: LayerIndex, position: int) -> bool:
    """Whether an entry is a package list, and not the lock beside them."""
    name = index.paths[position].removeprefix(LISTS)
    return "/" not in name and index.types[position] == EntryType.FILE and index.sizes[position] > 0


def _is_package(index: LayerIndex, position: int) -> bool:
    """Whether an entry is the list of files of an installed package, which dpkg writes when it unpacks it."""
    path = index.paths[position]
    return path.startswith(DPKG_INFO) and path.endswith(_DPKG_LIST) and index.types[position] == EntryType.FILE
