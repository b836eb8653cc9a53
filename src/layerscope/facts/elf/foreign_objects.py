"""Programs and modules whose C library or loader the image does not have: glibc's on musl, and loaders not there."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.elf.inventory import MACHINES
from layerscope.facts.elf.loader_settings import LoaderKind
from layerscope.facts.elf.reach import Place, find_package, find_place
from layerscope.facts.elf.resolution import Resolution, find_resolution
from layerscope.facts.elf.roots import RootKind
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.formats.elf_object import ElfObject

_ALSO_RUN: Final = {62: (3,), 183: (40,)}
"""Kernels for amd64 start programs for 386 as a rule, those for arm64 programs for arm."""

EXAMPLES: Final = 3
"""Objects that a fact names."""


class MissingLoader(Fact, frozen=True):
    """An ELF interpreter that programs name and the image does not have; `kind` is that of the weightiest."""

    interpreter: str
    kind: RootKind
    programs: int
    examples: tuple[Place, ...]
    removed_by: int | None


class GlibcModules(Fact, frozen=True):
    """Extension modules of one package that were linked to glibc and are imported by a Python that has musl."""

    package: str
    modules: int
    examples: tuple[Place, ...]
    python: str


class ForeignPrograms(Fact, frozen=True):
    """Programs for another machine than the image's; `kind` is that of the weightiest, `machine` as platforms name it.

    `architecture` is what the config says.
    """

    machine: str
    architecture: str
    kind: RootKind
    programs: int
    examples: tuple[Place, ...]


class ForeignObjectCollector(Collector):
    """Compares what roots were linked to with what they get."""

    name = "elf.foreign-objects"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield programs for other machines, then missing loaders, then modules by package."""
        resolution = context.shared(find_resolution)
        yield from _iter_foreign_programs(context, resolution)
        yield from _iter_missing_loaders(context, resolution)
        packages: dict[tuple[str, str], list[str]] = {}
        for replayed in resolution.roots:
            is_musl = replayed.kind is LoaderKind.MUSL
            is_extension = replayed.root.is_extension and replayed.host is not None
            if is_musl and is_extension and is_linked_to_glibc(replayed.loaded.elf):
                key = find_package(replayed.root.path) or replayed.root.site, replayed.root.python
                packages.setdefault(key, []).append(replayed.root.path)
        for (package, python), paths in sorted(packages.items()):
            places = tuple(find_place(context, resolution, path) for path in paths[:EXAMPLES])
            evidence = Evidence(layer=places[0].layer, path=places[0].path)
            yield GlibcModules(evidence, package, len(paths), places, python)


def is_linked_to_glibc(elf: ElfObject) -> bool:
    """Whether an object asks for glibc's symbol versions."""
    return any(version.version.startswith("GLIBC_") for version in elf.required_versions)


def runs_on(architecture: str, machine: int) -> bool:
    """Whether a kernel of an architecture starts programs for a machine; what is not known counts as started."""
    wanted = MACHINES.get(architecture)
    return wanted is None or machine in {wanted, *_ALSO_RUN.get(wanted, ())}


def _iter_foreign_programs(context: FactContext, resolution: Resolution) -> Iterator[ForeignPrograms]:
    """One fact a machine."""
    order, architecture = list(RootKind), context.image.config.architecture
    found: dict[int, list[tuple[int, str]]] = {}
    for replayed in resolution.roots:
        machine = replayed.loaded.elf.machine
        if not replayed.root.is_extension and not runs_on(architecture, machine):
            found.setdefault(machine, []).append((order.index(replayed.root.kind), replayed.root.path))
    names = {number: name for name, number in MACHINES.items()}
    for machine, programs in sorted(found.items()):
        ranked = sorted(programs)
        places = tuple(find_place(context, resolution, path) for _, path in ranked[:EXAMPLES])
        yield ForeignPrograms(
            evidence=Evidence(layer=places[0].layer, path=places[0].path),
            machine=names.get(machine, f"ELF machine {machine}"),
            architecture=architecture,
            kind=order[ranked[0][0]],
            programs=len(ranked),
            examples=places,
        )


def _iter_missing_loaders(context: FactContext, resolution: Resolution) -> Iterator[MissingLoader]:
    """One fact an interpreter."""
    order = list(RootKind)
    missing: dict[str, list[tuple[int, str]]] = {}
    for replayed in resolution.roots:
        interpreter = replayed.loaded.elf.interpreter
        if replayed.root.is_extension or not interpreter or context.tree.resolve(interpreter) is not None:
            continue
        if not runs_on(context.image.config.architecture, replayed.loaded.elf.machine):
            continue
        missing.setdefault(interpreter, []).append((order.index(replayed.root.kind), replayed.root.path))
    for interpreter, programs in sorted(missing.items()):
        ranked = sorted(programs)
        places = tuple(find_place(context, resolution, path) for _, path in ranked[:EXAMPLES])
        yield MissingLoader(
            evidence=Evidence(layer=places[0].layer, path=places[0].path, detail=interpreter),
            interpreter=interpreter,
            kind=order[ranked[0][0]],
            programs=len(ranked),
            examples=places,
            removed_by=context.find_removal(interpreter.strip("/")),
        )
