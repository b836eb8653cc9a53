"""Files of NVIDIA's driver in an image: baked in, linker stubs, and compatibility libraries."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import msgspec

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.cuda.driver_version_extractor import DriverVersionExtractor
from layerscope.facts.cuda.marked_paths import find_marked_paths
from layerscope.facts.cuda.search_folders import SearchFolder, find_search_folders
from layerscope.facts.elf.loader_extractor import LoaderConfExtractor
from layerscope.facts.elf.object_extractor import ElfObjectExtractor
from layerscope.facts.elf.objects import find_objects
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.filesystem.node import Node
from layerscope.layers.entry import EntryType

FILE_LIMIT: Final = 500
"""Driver files that are told of; a whole driver has about sixty."""

BRANCH_LIMIT: Final = 100
"""Driver branches in one note; the longest list has ten."""

_LIBRARY: Final = re.compile(r"(lib[\w-]+?)(?:-[0-9a-f]{8})?\.so(?:\.(\d+(?:\.\d+)*))?")
"""A library's name and version; auditwheel puts a hash between name and suffix of those that it copies."""

_RUNTIMES: Final = frozenset({
    "nvidia-container-cli", "nvidia-container-runtime", "nvidia-container-runtime-hook", "nvidia-container-toolkit",
    "nvidia-ctk", "nvidia-docker", "nvidia-cdi-hook",
})  # fmt: skip
_PROGRAM_FOLDERS: Final = ("usr/bin", "bin", "usr/local/bin", "usr/sbin", "usr/local/nvidia/bin")


class DriverFileKind(StrEnum):
    """What a driver file is in an image for."""

    LIBRARY = "library"
    PROGRAM = "program"
    RUNTIME = "container runtime"
    """A part of the NVIDIA Container Toolkit, which belongs on the host."""
    STUB = "stub"
    COMPAT = "compat"


class DriverFile(Fact, frozen=True):
    """One file: its kind, its version (or what follows `.so`), its bytes, and what puts its directory on a search path.

    `search` is `LD_LIBRARY_PATH` or a file of ldconfig, empty where no search comes by. `target` is where a link
    leads, empty where that is nowhere. `cuda` and `branches` say which CUDA a compatibility library brings, and which
    driver branches of the host it works with.
    """

    kind: DriverFileKind
    name: str
    version: str
    size: int
    search: str
    is_link: bool
    target: str
    cuda: str
    branches: tuple[int, ...]
    instruction: str
    capability: str = ""
    """The driver capability that brings it; `cdi-extra` for what only CDI mounts, and distributions ship as well."""


class DriverFileCollector(Collector):
    """Finds driver files by their names and places."""

    name = "cuda.driver-files"
    extractors = (DriverVersionExtractor(), ElfObjectExtractor(), LoaderConfExtractor())

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield libraries, then programs, sorted by path."""
        folders = {folder.path: folder for folder in context.shared(find_search_folders)}
        paths = sorted(
            path
            for path in context.shared(find_marked_paths).objects
            if _find_capability(path.rpartition("/")[2], context)
        )
        if len(paths) > FILE_LIMIT:
            yield Gap("driver libraries", "image", f"only the first {FILE_LIMIT} of {len(paths):,} are told of")
        for path in paths[:FILE_LIMIT]:
            node = context.tree.get(path)
            if node is not None and node.type in {EntryType.FILE, EntryType.SYMLINK}:
                yield _tell_library(node, folders, context)
        for path in sorted(f"{folder}/{name}" for folder in _PROGRAM_FOLDERS for name in _iter_programs(context)):
            node = context.tree.get(path)
            if node is not None and node.type is EntryType.FILE:
                kind = DriverFileKind.RUNTIME if node.name in _RUNTIMES else DriverFileKind.PROGRAM
                yield _tell(node, kind, context)


def _tell_library(node: Node, folders: dict[str, SearchFolder], context: FactContext) -> DriverFile:
    """The fact of a library or of a link that bears its name."""
    folder = node.path.rpartition("/")[0]
    parts = folder.split("/")
    target = context.tree.resolve(node.path)
    real = target.path if target is not None else ""
    if "stubs" in parts or "/stubs/" in real:
        kind = DriverFileKind.STUB
    elif "compat" in parts or "/compat/" in real:
        kind = DriverFileKind.COMPAT
    else:
        kind = DriverFileKind.LIBRARY
    search = folders.get(folder)
    return _tell(
        node, kind, context, search=search.named_by if search else "", target=real if real != node.path else ""
    )


def _tell(node: Node, kind: DriverFileKind, context: FactContext, *, search: str = "", target: str = "") -> DriverFile:
    """The fact of a file."""
    match = _LIBRARY.fullmatch(node.name)
    inner = context.extract_of(DriverVersionExtractor.name, node) if node.type is EntryType.FILE else None
    cuda, branches = _find_compatibility(target or node.path, context) if kind is DriverFileKind.COMPAT else ("", ())
    return DriverFile(
        evidence=Evidence(node.layer, node.path),
        kind=kind,
        name=node.name,
        version=inner if isinstance(inner, str) else (match[2] or "") if match else "",
        size=node.own_size,
        search=search,
        is_link=node.type is EntryType.SYMLINK,
        target=target,
        cuda=cuda,
        branches=branches,
        instruction=context.instruction(node.layer),
        capability=_find_capability(node.name, context) or "",
    )


def _iter_programs(context: FactContext) -> Iterator[str]:
    """Names of the driver's programs and of the container toolkit's."""
    for row in context.policies.injected.table.capability:
        yield from row.programs
    yield from _RUNTIMES


def _find_capability(name: str, context: FactContext) -> str | None:
    """The driver capability that brings a file of that name; None where it is not the driver's."""
    match = _LIBRARY.fullmatch(name)
    injected = context.policies.injected
    return injected.find_capability(f"{match[1]}.so") if match else injected.find_program_capability(name)


def _find_compatibility(path: str, context: FactContext) -> tuple[str, tuple[int, ...]]:
    """What a compatibility library's note says: its CUDA, and the driver branches of a host that it works with.

    https://github.com/NVIDIA/nvidia-container-toolkit (cmd/nvidia-cdi-hook/cudacompat/cuda-elf-header.go)
    """
    found = context.shared(find_objects).get(path)
    text = found.elf.forward_compatibility if found is not None else None
    try:
        note = msgspec.json.decode(text or "{}", type=dict[str, object])
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return "", ()
    cuda, branches = note.get("CUDA Version"), note.get("Driver")
    listed = branches[:BRANCH_LIMIT] if isinstance(branches, list) else []
    return (
        cuda[:20] if isinstance(cuda, str) else "",
        tuple(branch for branch in listed if type(branch) is int and 0 < branch < BRANCH_LIMIT * 100),
    )
