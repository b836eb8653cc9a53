"""apt's package lists beside the installations that used them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.times import SECOND_NS, to_datetime
from layerscope.formats.apt_release import HEAD_LIMIT, parse_release_date
from layerscope.layers.entry import EntryType
from layerscope.layers.extractor import Wants
from layerscope.layers.index import LayerIndex

LISTS: Final = "var/lib/apt/lists/"
DPKG_INFO: Final = "var/lib/dpkg/info/"
_DPKG_LIST: Final = ".list"


@dataclass(frozen=True, slots=True)
class PackageLists(Fact):
    """Package lists that one layer brings: when the repository published the newest, and the newest file time."""

    layer: int
    files: int
    published: datetime | None
    newest_file: datetime | None
    instruction: str


@dataclass(frozen=True, slots=True)
class PackageInstallation(Fact):
    """Debian packages that one layer unpacks, and when."""

    layer: int
    packages: int
    installed: datetime | None
    step_created: datetime | None
    instruction: str


@dataclass(frozen=True)
class AptReleaseExtractor:
    """Keeps when a repository's signed InRelease file was published, in seconds since 1970."""

    name: str = "apt-release"
    version: int = 1
    wants: Wants = field(default=Wants(magics=frozenset({b"-----BEGIN PGP SIGNED"}), limit=HEAD_LIMIT))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The date, for files among apt's lists."""
        del size, mode
        date = parse_release_date(content) if path.startswith(LISTS) else None
        return None if date is None else int(date.timestamp())


class AptCollector(Collector):
    """Finds which layers bring lists, and which install packages."""

    name = "system.apt"
    extractors = (AptReleaseExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield lists and installations, lowest layer first."""
        created = {step.layer: step.created for step in context.steps if step.layer is not None}
        for layer, scan in enumerate(context.scans):
            if not any("var/lib/" in path for path in scan.index.paths):
                continue
            instruction = context.instruction(layer)
            lists = _newest_below(scan.index, LISTS, "")
            if lists is not None:
                dates = [
                    date for date in scan.extracts.get(AptReleaseExtractor.name, {}).values() if isinstance(date, int)
                ]
                published = to_datetime(max(dates) * SECOND_NS) if dates else None
                yield PackageLists(
                    Evidence(layer=layer, path=LISTS.rstrip("/")), layer, lists[0], published, lists[1], instruction
                )
            installed = _newest_below(scan.index, DPKG_INFO, _DPKG_LIST)
            if installed is not None:
                yield PackageInstallation(
                    Evidence(layer=layer, path=DPKG_INFO.rstrip("/")),
                    layer,
                    installed[0],
                    installed[1],
                    created.get(layer),
                    instruction,
                )


def _newest_below(index: LayerIndex, folder: str, suffix: str) -> tuple[int, datetime | None] | None:
    """How many files a layer has directly in a folder, and the time of the newest; None where there are none."""
    times = [
        index.mtimes_ns[position]
        for position, path in enumerate(index.paths)
        if path.startswith(folder)
        and path.endswith(suffix)
        and index.types[position] == EntryType.FILE
        and index.sizes[position]
        and "/" not in path[len(folder) :]
    ]
    return (len(times), to_datetime(max(times))) if times else None
