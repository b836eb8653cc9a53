"""Objects that will not load or not run everywhere by themselves: executable stacks, demanding code, cut files."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.elf.inventory import EXAMPLES, is_native, parse_version
from layerscope.facts.elf.object_extractor import ElfObjectExtractor
from layerscope.facts.elf.objects import ImageObject, find_broken_objects, find_objects
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.formats.elf_header import SIZES
from layerscope.formats.elf_object import EXECUTABLE, SHARED, X86_64

STACK_LIMIT: Final = 1000
"""Objects with an executable stack that are told one by one; an image has none, or a few of one package."""

LEVELS: Final = {3: "x86-64-v4", 2: "x86-64-v3"}
"""Bits of what an object needs, the most demanding first; every processor with a current GPU beside it has v2."""

COMMON_KERNEL: Final = (3, 10, 1)
"""Kernels below this one are on no host with a driver that is still supported: CentOS 7 has 3.10.0."""

_CHOSEN_BY_LEVEL: Final = "glibc-hwcaps/"
"""Directories that the loader searches on processors of their level only."""

_EXECUTE: Final = 1
_ANY_EXECUTE: Final = 0o111
_PYTHON: Final = ("/site-packages/", "/dist-packages/", "/lib-dynload/")


class StackDemand(Fact, frozen=True):
    """A shared object that asks for an executable stack; `is_absent` where it does so by saying nothing (x86-64).

    `is_python` tells whether it lies where Python's packages and modules do.
    """

    path: str
    layer: int
    instruction: str
    is_absent: bool
    is_python: bool


class DemandingObjects(Fact, frozen=True):
    """The objects of one layer that say that they need a processor of that level; `paths` names some."""

    level: str
    layer: int
    instruction: str
    count: int
    paths: tuple[str, ...]


class KernelDemand(Fact, frozen=True):
    """The objects of one layer that say that they need a kernel of that version or newer; `paths` names some."""

    kernel: str
    layer: int
    instruction: str
    count: int
    paths: tuple[str, ...]


class CutObject(Fact, frozen=True):
    """An object that ends `missing` bytes before what its headers point to, or inside its header (0 then).

    `missing_loaded` are those of them that the loader would map.
    """

    path: str
    layer: int
    instruction: str
    size: int
    missing: int
    missing_loaded: int


class ObjectHazardCollector(Collector):
    """Picks the few objects that something is the matter with."""

    name = "elf.object-hazards"
    extractors = (ElfObjectExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact an object, or for demanding ones one a level and layer; each kind by path."""
        objects = context.shared(find_objects)
        native = [each for each in objects.values() if is_native(context, each)]
        yield from [_tell_stack(context, each) for each in native if needs_executable_stack(each)][:STACK_LIMIT]
        yield from _iter_demanding(context, native)
        yield from _iter_kernels(context, native)
        for each in objects.values():
            if each.elf.missing and each.elf.type in {EXECUTABLE, SHARED}:
                yield _tell_cut(context, each.path, each.layer, (each.size, each.elf.missing, each.elf.missing_loaded))
        for broken in find_broken_objects(context):
            if broken.size < SIZES[32] and _is_for_use(context, broken.path):
                yield _tell_cut(context, broken.path, broken.layer, (broken.size, 0, 0))


def needs_executable_stack(found: ImageObject) -> bool:
    """Whether a shared object asks for an executable stack; programs are not refused one.

    Where nothing is said, the processor's ABI decides: https://sourceware.org/git/?p=glibc.git;f=sysdeps/x86_64/stackinfo.h
    """
    elf = found.elf
    if elf.type != SHARED or not elf.is_dynamic or elf.is_executable or elf.missing:
        return False
    return elf.machine == X86_64 if elf.stack_flags is None else bool(elf.stack_flags & _EXECUTE)


def _tell_stack(context: FactContext, found: ImageObject) -> StackDemand:
    return StackDemand(
        evidence=Evidence(layer=found.layer, path=found.path),
        path=found.path,
        layer=found.layer,
        instruction=context.instruction(found.layer),
        is_absent=found.elf.stack_flags is None,
        is_python=any(place in f"/{found.path}" for place in _PYTHON),
    )


def _iter_demanding(context: FactContext, native: list[ImageObject]) -> Iterator[DemandingObjects]:
    groups: dict[tuple[str, int], list[str]] = {}
    for found in native:
        level = next((name for bit, name in LEVELS.items() if found.elf.isa_needed >> bit & 1), None)
        if level is not None and _CHOSEN_BY_LEVEL not in found.path:
            groups.setdefault((level, found.layer), []).append(found.path)
    for (level, layer), paths in sorted(groups.items()):
        yield DemandingObjects(
            evidence=Evidence(layer=layer, path=paths[0]),
            level=level,
            layer=layer,
            instruction=context.instruction(layer),
            count=len(paths),
            paths=tuple(paths[:EXAMPLES]),
        )


def _iter_kernels(context: FactContext, native: list[ImageObject]) -> Iterator[KernelDemand]:
    """One fact a version and layer, of versions that are not those of every C library."""
    groups: dict[tuple[tuple[int, ...], str, int], list[str]] = {}
    for found in native:
        version = parse_version(found.elf.minimum_kernel or "")
        if version is not None and version >= COMMON_KERNEL:
            groups.setdefault((version, found.elf.minimum_kernel or "", found.layer), []).append(found.path)
    for (_, kernel, layer), paths in sorted(groups.items()):
        yield KernelDemand(
            evidence=Evidence(layer=layer, path=paths[0]),
            kernel=kernel,
            layer=layer,
            instruction=context.instruction(layer),
            count=len(paths),
            paths=tuple(paths[:EXAMPLES]),
        )


def _is_for_use(context: FactContext, path: str) -> bool:
    """Whether a file is a program or library, going by its mode and name, and not some test's four bytes."""
    node = context.tree.get(path)
    return ".so" in path.rpartition("/")[2] or (node is not None and bool(node.mode & _ANY_EXECUTE))


def _tell_cut(context: FactContext, path: str, layer: int, sizes: tuple[int, int, int]) -> CutObject:
    return CutObject(Evidence(layer=layer, path=path), path, layer, context.instruction(layer), *sizes)
