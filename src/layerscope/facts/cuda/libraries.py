"""Every copy of CUDA's runtime and math libraries, wherever it lies."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.cuda.library_names import LibraryName, read_library_name
from layerscope.facts.cuda.marked_paths import find_marked_paths
from layerscope.facts.cuda.places import CopyKind, CopyPlace, find_place
from layerscope.facts.cuda.releases import major, newest, numbers, release
from layerscope.facts.cuda.search_folders import find_search_folders
from layerscope.facts.cuda.sites import Site, find_sites
from layerscope.facts.elf.loader_extractor import LoaderConfExtractor
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.filesystem.node import Node
from layerscope.layers.entry import EntryType

LIBRARY_LIMIT: Final = 10_000
"""Libraries that are told of; a large environment has 150."""

_MAIN: Final = ("cudart", "cublas", "cudnn")
"""What frameworks start with."""

_TIED: Final = ("cuda-runtime", "cuda-nvrtc", "nvjitlink")
"""Parts whose first two version numbers are those of the CUDA release they belong to, in packages and file names."""


class CudaLibrary(Fact, frozen=True):
    """One file: its name without `lib` and suffix, its part of CUDA (`cudnn`), the suffix's version, its own version.

    `copy` is the root of the copy that it belongs to. `version` is empty where nothing tells it. `search` is what puts
    its directory on every program's search path: `LD_LIBRARY_PATH`, a file of ldconfig, or nothing.
    """

    name: str
    part: str
    suffix: str
    version: str
    size: int
    copy: str
    search: str = ""


class RemovedCudaLibrary(Fact, frozen=True):
    """A library of CUDA that a layer removed and no folder has now: the evidence is that layer, and the path.

    Told are those that frameworks start with (runtime, cuBLAS), and cuDNN's main library.
    """

    name: str
    instruction: str


class CopyPart(Struct, frozen=True):
    """One part of CUDA in a copy: `cublas`, its version, and the bytes of its files."""

    name: str
    version: str
    size: int


class CudaCopy(Fact, frozen=True):
    """Libraries that belong together: a toolkit's, an environment's wheels, a conda prefix's, a system's.

    The evidence is the layer with most of its bytes. `release` is the CUDA release (`12.4`), where its parts tell it;
    `environment` is the directory of the Python distributions that it was installed with, empty for others.
    """

    kind: CopyKind
    root: str
    release: str
    size: int
    files: int
    parts: tuple[CopyPart, ...]
    environment: str
    instruction: str

    def find_part(self, name: str) -> CopyPart | None:
        """A part of CUDA, if the copy has it."""
        return next((part for part in self.parts if part.name == name), None)


@dataclass(frozen=True)
class _Found:
    """A library's file with what its name and its place say."""

    node: Node
    name: LibraryName
    place: CopyPlace


@dataclass
class _Copy:
    """A copy while its files are gathered."""

    place: CopyPlace
    libraries: list[CudaLibrary] = field(default_factory=list)
    layers: dict[int, int] = field(default_factory=dict)


class CudaLibraryCollector(Collector):
    """Finds libraries by their names."""

    name = "cuda.libraries"
    extractors = (LoaderConfExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield every library, sorted by path, and every copy."""
        sites = {site.path: site for site in context.shared(find_sites)}
        found = list(_find_libraries(context))
        if len(found) > LIBRARY_LIMIT:
            yield Gap("CUDA libraries", "image", f"only the first {LIBRARY_LIMIT:,} of {len(found):,} are told of")
        folders = {folder.path: folder.named_by for folder in context.shared(find_search_folders)}
        copies: dict[str, _Copy] = {}
        for each in _place_shared_parts(found[:LIBRARY_LIMIT]):
            site = sites.get(each.place.environment) if each.place.kind is CopyKind.WHEEL else None
            library = CudaLibrary(
                evidence=Evidence(each.node.content_layer, each.node.path),
                name=each.name.name,
                part=each.name.part,
                suffix=each.name.suffix,
                version=_find_version(each, site),
                size=each.node.own_size,
                copy=each.place.root,
                search=folders.get(each.node.path.rpartition("/")[0], ""),
            )
            copy = copies.setdefault(each.place.root, _Copy(each.place))
            copy.libraries.append(library)
            layer = each.node.content_layer
            copy.layers[layer] = copy.layers.get(layer, 0) + each.node.own_size
            yield library
        for _, copy in sorted(copies.items()):
            yield _tell_copy(copy, context)
        yield from _find_removed(found, context)


def _find_libraries(context: FactContext) -> Iterator[_Found]:
    """Every real file that is one of the libraries; a linker's stub is none."""
    for path in context.shared(find_marked_paths).objects:
        folder, _, base = path.rpartition("/")
        name = read_library_name(base) if base.startswith("lib") else None
        if name is None or "stubs" in folder.split("/"):
            continue
        node = context.tree.get(path)
        if node is not None and node.type is EntryType.FILE:
            yield _Found(node, name, find_place(path, context))


def _find_removed(found: list[_Found], context: FactContext) -> Iterator[RemovedCudaLibrary]:
    """The highest removal of each library that is nowhere now."""
    present = {(each.name.name, major(each.name.suffix)) for each in found}
    removals: dict[str, tuple[int, str]] = {}
    for scan in context.scans[:-1]:
        for path in scan.index.paths:
            if "/libcu" not in path:
                continue
            name = read_library_name(path.rpartition("/")[2])
            if name is None or name.name not in _MAIN or (name.name, major(name.suffix)) in present:
                continue
            layer = context.find_removal(path)
            if layer is not None:
                removals[name.name] = max(removals.get(name.name, (-1, "")), (layer, path))
    for kind, (layer, path) in sorted(removals.items()):
        yield RemovedCudaLibrary(Evidence(layer, path), kind, context.instruction(layer))


def _place_shared_parts(found: list[_Found]) -> Iterator[_Found]:
    """The libraries, with what wheels of every CUDA share (cuDNN, NCCL) put to the toolkit parts beside it.

    Wheels for CUDA 13 lie below `nvidia/cu13`, except for those parts, which stay where those for CUDA 12 are.
    """
    wheels = [each for each in found if each.place.kind is CopyKind.WHEEL]
    own = {each.place.root for each in wheels if each.name.part in _TIED or each.name.part == "cublas"}
    for each in found:
        root = each.place.root
        newer = sorted(other for other in own if re.fullmatch(rf"{re.escape(root)}/cu\d+", other))
        if each.place.kind is CopyKind.WHEEL and root not in own and newer:
            yield _Found(each.node, each.name, CopyPlace(CopyKind.WHEEL, newer[-1], each.place.environment))
        else:
            yield each


def _find_version(found: _Found, site: Site | None) -> str:
    """The library's version: its distribution's, else what its file name says where that is more than a number."""
    part, suffix = found.name.part, found.name.suffix
    if site is not None:
        tag = re.search(r"/cu(\d+)$", found.place.root)
        wanted = [tag[1]] if tag else [str(number) for number in (major(suffix),) if part not in {"cudnn", "nccl"}]
        names = [f"nvidia-{part}-cu{number}" for number in wanted]
        names += [f"nvidia-{part}", f"nvidia-{part}-cu13", f"nvidia-{part}-cu12", f"nvidia-{part}-cu11"]
        if part == "tensorrt":
            names = [f"tensorrt-cu{number}-libs" for number in (13, 12, 11)] + ["tensorrt-libs", "tensorrt"]
        installed = site.find(*names)
        if installed is not None:
            return installed.version
    return suffix if len(numbers(suffix)) > 1 and not (part == "cuda-runtime" and suffix == "11.0") else ""


def _tell_copy(copy: _Copy, context: FactContext) -> CudaCopy:
    """The fact of a copy."""
    parts: dict[str, list[CudaLibrary]] = {}
    for library in copy.libraries:
        parts.setdefault(library.part, []).append(library)
    told = tuple(
        CopyPart(name, newest(each.version for each in files), sum(each.size for each in files))
        for name, files in sorted(parts.items())
    )
    layer = max(copy.layers, key=lambda each: (copy.layers[each], -each))
    return CudaCopy(
        evidence=Evidence(layer, copy.place.root),
        kind=copy.place.kind,
        root=copy.place.root,
        release=_find_release(copy, told),
        size=sum(copy.layers.values()),
        files=len(copy.libraries),
        parts=told,
        environment=copy.place.environment,
        instruction=context.instruction(layer),
    )


def _find_release(copy: _Copy, parts: tuple[CopyPart, ...]) -> str:
    """The CUDA release that a copy is of, by its runtime, by other parts that bear its number, or by its root."""
    versions = {part.name: part.version for part in parts if part.version}
    for name in _TIED:
        if name in versions:
            return release(versions[name])
    match = re.search(r"/cuda-(\d+(?:\.\d+)?)$|/cu(\d+)$", f"/{copy.place.root}")
    if match:
        return match[1] or match[2]
    suffixes = [each.suffix for each in copy.libraries if each.part in ("cuda-runtime", "cublas")]
    number = major(newest(suffixes))
    return "" if number is None else str(number)
