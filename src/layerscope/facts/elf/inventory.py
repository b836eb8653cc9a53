"""ElfInventory: how many objects an image has, for which machines, and the newest symbol versions that they require."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.elf.object_extractor import ElfObjectExtractor
from layerscope.facts.elf.objects import ImageObject, find_broken_objects, find_objects
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap

T = TypeVar("T", int, str)

MACHINES: Final = {
    "386": 3, "amd64": 62, "arm": 40, "arm64": 183, "ppc64le": 21, "riscv64": 243, "s390x": 22,
}  # fmt: skip
"""The machine of an image's objects, by its architecture: https://gabi.xinuos.com/elf/a-emachine.html"""

FAMILIES: Final = ("GLIBC", "GLIBCXX", "CXXABI")
"""Symbol versions with numbers, of the C and the C++ library."""

C_LIBRARY: Final = "libc.so.6"
CXX_LIBRARY: Final = "libstdc++"
"""How the SONAME of the C++ library begins; wheels rename their copies (`libstdc++-0a1b.so.6`)."""
_DEFAULT_FOLDERS: Final = ("lib/", "lib64/", "usr/lib/", "usr/lib64/")
"""Where glibc lies for the loader; a copy elsewhere belongs to something that brings its own."""

EXAMPLES: Final = 20
"""Paths that a fact names."""

_DIGITS: Final = 9
"""Digits of a number in a version that is taken for one."""


class SymbolVersion(Struct, frozen=True):
    """A version of a family (`GLIBC`, `2.36`), and the object that requires or provides it."""

    family: str
    version: str
    path: str
    layer: int


class ElfInventory(Fact, frozen=True):
    """The objects that the container sees.

    `machines` and `types` count them by the numbers of the ELF header, `interpreters` by PT_INTERP, most first.
    `foreign` are those for another machine than the image's, of which `foreign_paths` names some. `newest` has for each
    family the newest version that any object of the image's machine requires, weak requirements apart; `glibc` is the
    newest version that the image's C library provides, None where that is another one. `cxx` has the newest GLIBCXX and
    CXXABI of every copy of libstdc++.
    """

    objects: int
    machines: tuple[tuple[int, int], ...]
    types: tuple[tuple[int, int], ...]
    interpreters: tuple[tuple[str, int], ...]
    foreign: int
    foreign_paths: tuple[str, ...]
    newest: tuple[SymbolVersion, ...]
    glibc: SymbolVersion | None
    cxx: tuple[SymbolVersion, ...] = ()


class ElfObjectsCollector(Collector):
    """Counts the image's objects, and says which could not be read."""

    name = "elf.objects"
    extractors = (ElfObjectExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the inventory, if there are objects, and a gap for each that could not be read whole."""
        objects = context.shared(find_objects)
        if objects:
            yield _take_inventory(context, objects)
        for each in objects.values():
            if each.elf.problems:
                yield Gap("ELF object", f"/{each.path}", "; ".join(each.elf.problems))
        for broken in find_broken_objects(context):
            yield Gap("ELF object", f"/{broken.path}", broken.problem)


def is_native(context: FactContext, found: ImageObject) -> bool:
    """Whether an object is for the image's machine; so is any where the machine is not known."""
    return found.elf.machine == MACHINES.get(context.image.config.architecture, found.elf.machine)


def find_glibc(context: FactContext) -> SymbolVersion | None:
    """The newest version of the C library that the loader finds by default; None where that is not glibc."""
    libraries = [
        each
        for each in context.shared(find_objects).values()
        if each.elf.soname == C_LIBRARY and each.path.startswith(_DEFAULT_FOLDERS) and is_native(context, each)
    ]
    for library in sorted(libraries, key=lambda each: (each.path.count("/"), each.path)):
        newest = _find_newest((each, library) for each in library.elf.provided_versions)
        if "GLIBC" in newest:
            return newest["GLIBC"]
    return None


def parse_version(text: str) -> tuple[int, ...] | None:
    """The numbers of a version; None where it is none, like `PRIVATE` or `ABI_DT_RELR`."""
    parts = text.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) <= _DIGITS for part in parts):
        return None
    return tuple(map(int, parts))


def _take_inventory(context: FactContext, objects: Mapping[str, ImageObject]) -> ElfInventory:
    native = [each for each in objects.values() if is_native(context, each)]
    foreign = [each.path for each in objects.values() if not is_native(context, each)]
    required = ((each.version, found) for found in native for each in found.elf.required_versions if not each.is_weak)
    first = next(iter(objects.values()))
    return ElfInventory(
        evidence=Evidence(layer=first.layer, path=first.path),
        objects=len(objects),
        machines=_count(each.elf.machine for each in objects.values()),
        types=_count(each.elf.type for each in objects.values()),
        interpreters=_count(each.elf.interpreter for each in objects.values() if each.elf.interpreter is not None),
        foreign=len(foreign),
        foreign_paths=tuple(foreign[:EXAMPLES]),
        newest=tuple(version for _, version in sorted(_find_newest(required).items())),
        glibc=find_glibc(context),
        cxx=tuple(_find_cxx(native)),
    )


def _find_cxx(objects: Iterable[ImageObject]) -> Iterator[SymbolVersion]:
    """What each copy of the C++ library provides."""
    copies = [each for each in objects if (each.elf.soname or "").startswith(CXX_LIBRARY)]
    for library in copies[:EXAMPLES]:
        newest = _find_newest((each, library) for each in library.elf.provided_versions)
        yield from (version for family, version in sorted(newest.items()) if family != "GLIBC")


def _find_newest(versions: Iterable[tuple[str, ImageObject]]) -> dict[str, SymbolVersion]:
    """The newest version of each family, by the first object that has it."""
    newest: dict[str, tuple[tuple[int, ...], SymbolVersion]] = {}
    for text, found in versions:
        family, _, number = text.partition("_")
        parsed = parse_version(number) if family in FAMILIES else None
        if parsed is not None and (family not in newest or parsed > newest[family][0]):
            newest[family] = (parsed, SymbolVersion(family, number, found.path, found.layer))
    return {family: version for family, (_, version) in newest.items()}


def _count(values: Iterable[T]) -> tuple[tuple[T, int], ...]:
    """Values with their numbers, most first."""
    return tuple(sorted(Counter(values).items(), key=lambda each: (-each[1], str(each[0]))))
