"""Which C library the image's programs get, and how new it is."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.elf.loader_settings import LoaderKind
from layerscope.facts.elf.resolution import find_resolution
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.formats.elf_object import ElfObject

GLIBC_SONAME: Final = "libc.so.6"

_VERSION: Final = re.compile(r"GLIBC_(\d+(?:\.\d+)*)")
_MUSL: Final = re.compile(r"(?:ld-musl-|libc\.musl-)")


class LibcProvided(Fact, frozen=True):
    """A C library that programs or modules load: `glibc` with its version, or `musl`, whose file tells none.

    `roots` counts the programs and modules that get it.
    """

    kind: str
    version: str
    path: str
    layer: int
    roots: int


class LibcCollector(Collector):
    """Counts the C libraries of all roots."""

    name = "elf.libc"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield each, the one that most roots get first."""
        resolution = context.shared(find_resolution)
        counts: Counter[str] = Counter()
        for replayed in resolution.roots:
            counts.update(item.path for item in replayed.objects if find_libc_kind(item.path, item.elf) is not None)
        for path, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            found = resolution.objects[path]
            kind = find_libc_kind(path, found.elf)
            yield LibcProvided(
                evidence=Evidence(layer=found.layer, path=path),
                kind=str(kind),
                version=find_glibc_version(found.elf),
                path=path,
                layer=found.layer,
                roots=count,
            )


def find_libc_kind(path: str, elf: ElfObject) -> LoaderKind | None:
    """Whose C library an object is; None for all others."""
    if elf.soname == GLIBC_SONAME:
        return LoaderKind.GLIBC
    is_musl = _MUSL.match(path.rpartition("/")[2]) is not None
    return LoaderKind.MUSL if is_musl else None


def find_glibc_version(elf: ElfObject) -> str:
    """The newest version of the interface that a C library gives, like `2.36`; empty for others than glibc."""
    return find_newest(elf.provided_versions, "GLIBC")


def find_newest(versions: tuple[str, ...], prefix: str) -> str:
    """The newest of the versions with a prefix, without it (`3.4.30` of `GLIBCXX_3.4.30`); empty if there is none."""
    start = f"{prefix}_"
    numbers = [text[len(start) :] for text in versions if text.startswith(start)]
    numbered = [text for text in numbers if text.replace(".", "").isascii() and text.replace(".", "").isdigit()]
    return max(numbered, key=split_version, default="")


def split_version(text: str) -> tuple[int, ...]:
    """The numbers of a dotted version, for comparing; parts that are no numbers count as nought."""
    return tuple(int(part) if part.isascii() and part.isdigit() and len(part) < 10 else 0 for part in text.split("."))  # noqa: PLR2004 - 32 bits
