"""Runtime libraries that an image has more than once, of which a process should hold one: C++, OpenMP, TLS, CUDA."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.elf.libc import find_newest, split_version
from layerscope.facts.elf.reach import Place, find_place
from layerscope.facts.elf.resolution import Resolution, find_resolution
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.formats.elf_object import ElfObject

FAMILIES: Final[Mapping[str, re.Pattern[str]]] = {
    "libstdc++": re.compile(r"libstdc\+\+(?:-[0-9a-f]+)?\.so\.6"),
    "OpenMP": re.compile(r"lib(?:gomp|iomp5|omp|omp5)(?:-[0-9a-f]+)?\.so(?:\.\d+)*"),
    "OpenSSL": re.compile(r"libssl(?:-[0-9a-f]+)?\.so(?:\.[\d.]+)?"),
    "CUDA runtime": re.compile(r"libcudart(?:-[0-9a-f]+)?\.so\.[\d.]+"),
    "cuDNN": re.compile(r"libcudnn\.so\.\d+"),
    "NCCL": re.compile(r"libnccl\.so\.\d+"),
    "cuBLAS": re.compile(r"libcublas\.so\.\d+"),
}
"""Patterns of SONAMEs, or of file names where there is none."""

COPIES_LIMIT: Final = 20
"""Copies of one library that a fact lists."""


class LibraryCopy(Struct, frozen=True):
    """One file: its place, SONAME, bytes, the newest version it gives (`GLIBCXX_3.4.30`; empty for most), roots."""

    place: Place
    soname: str
    size: int
    version: str
    roots: int


class DuplicateLibrary(Fact, frozen=True):
    """A family of which the image has several files.

    `together` are those that come into one process, `process` names it: a program, a module, or a site directory, whose
    modules may all be imported by one Python. `is_one_root` says that a single program or module loads them together.
    `required` is the newest version that objects of that process need.
    """

    family: str
    copies: tuple[LibraryCopy, ...]
    together: tuple[str, ...]
    process: str
    is_one_root: bool
    required: str


class DuplicateLibraryCollector(Collector):
    """Counts files by family, and looks which meet in a process."""

    name = "elf.duplicate-libraries"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact a family with two files or more."""
        resolution = context.shared(find_resolution)
        for family, paths in _group(resolution).items():
            if len(paths) < 2:  # noqa: PLR2004 - two are the first duplicate
                continue
            together, process, is_one_root = _find_together(resolution, paths)
            copies = tuple(_describe(context, resolution, path) for path in paths[:COPIES_LIMIT])
            yield DuplicateLibrary(
                evidence=Evidence(layer=copies[-1].place.layer, path=copies[-1].place.path),
                family=family,
                copies=copies,
                together=together,
                process=process,
                is_one_root=is_one_root,
                required=_find_required(resolution, process, is_one_root=is_one_root) if family == "libstdc++" else "",
            )


def find_family(path: str, elf: ElfObject) -> str | None:
    """The family of an object; None for nearly all."""
    name = elf.soname or path.rpartition("/")[2]
    if not name.startswith("lib"):
        return None
    return next((family for family, pattern in FAMILIES.items() if pattern.fullmatch(name)), None)


def _group(resolution: Resolution) -> Mapping[str, list[str]]:
    """The files of each family, sorted."""
    found: dict[str, list[str]] = {family: [] for family in FAMILIES}
    for path in sorted(resolution.objects):
        elf = resolution.objects[path].elf
        family = find_family(path, elf)
        if family is not None and elf.is_dynamic:
            found[family].append(path)
    return found


def _find_together(resolution: Resolution, paths: list[str]) -> tuple[tuple[str, ...], str, bool]:
    """The files that one root loads, else those that the modules of one site directory load."""
    wanted, sites = set(paths), dict[str, set[str]]()
    for replayed in resolution.roots:
        held = {item.path for item in (*replayed.globals, *replayed.objects)} & wanted
        if len(held) > 1:
            return tuple(sorted(held)), replayed.root.path, True
        if replayed.root.site:
            sites.setdefault(replayed.root.site, set()).update(held)
    for site, held in sorted(sites.items()):
        if len(held) > 1:
            return tuple(sorted(held)), site, False
    return (), "", False


def _describe(context: FactContext, resolution: Resolution, path: str) -> LibraryCopy:
    """One file."""
    found = resolution.objects[path]
    newest = find_newest(found.elf.provided_versions, "GLIBCXX")
    return LibraryCopy(
        place=find_place(context, resolution, path),
        soname=found.elf.soname or "",
        size=found.size,
        version=f"GLIBCXX_{newest}" if newest else "",
        roots=len(resolution.reached.get(path, ())),
    )


def _find_required(resolution: Resolution, process: str, *, is_one_root: bool) -> str:
    """The newest GLIBCXX that the objects of a process need."""
    newest = ""
    for replayed in resolution.roots:
        own = replayed.root.path if is_one_root else replayed.root.site
        if process and process == own:
            for item in replayed.objects:
                versions = tuple(version.version for version in item.elf.required_versions)
                newest = max(newest, find_newest(versions, "GLIBCXX"), key=split_version)
    return f"GLIBCXX_{newest}" if newest else ""
