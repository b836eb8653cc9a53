"""Device code: what every library and extension module of the image holds for GPUs."""

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.cuda.loose_code_extractor import LooseCodeExtractor
from layerscope.facts.elf.object_extractor import ElfObjectExtractor
from layerscope.facts.elf.resolution import find_resolution
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.filesystem.node import Node
from layerscope.formats.device_code import CodeKind, ContainerGroup, DeviceCode, DeviceTarget
from layerscope.formats.fatbinary import LINKING_SECTION, LOADED_SECTION

LIBRARY_LIMIT: Final = 5_000
"""Libraries that are told of; a large environment has 60."""

GROUP_LIMIT: Final = 500
"""Different containers of one library that are kept; the most that was seen is 26."""


class CodeForm(StrEnum):
    """What kind of file device code is in."""

    OBJECT = "object"
    """An ELF object, which registers its code when it is loaded."""
    FILE = "file"
    """A file of its own, which a program loads by name."""


class LibraryCode(Fact, frozen=True):
    """The device code of one file.

    `groups` are the containers that are loaded with it, by their distinct targets; `is_self_loaded` says that most lie
    outside the section for that, and the library loads them itself. `bytes_by_arch` is what all but code for linking
    weighs, `linking_bytes` what that weighs. `is_passed_over` says that programs load another library of its SONAME.
    """

    name: str
    form: CodeForm
    size: int
    groups: tuple[ContainerGroup, ...]
    bytes_by_arch: tuple[tuple[int, int], ...]
    linking_bytes: int = 0
    is_self_loaded: bool = False
    damaged: int = 0
    is_passed_over: bool = False
    instruction: str = ""

    @property
    def path(self) -> str:
        """The file's path."""
        return self.evidence.path or self.name

    @property
    def containers(self) -> int:
        """How many containers are loaded."""
        return sum(group.count for group in self.groups)

    @property
    def targets(self) -> tuple[str, ...]:
        """What most containers hold, as compilers name it: `sm_80`, `compute_90`."""
        return name_targets(self.groups)


class DeviceCodeCollector(Collector):
    """Folds what the layer pass found in the files that the container sees."""

    name = "cuda.device-code"
    extractors = (ElfObjectExtractor(), LooseCodeExtractor())

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield every file with device code, by path."""
        found = sorted(_find(context), key=lambda each: each.path)
        if len(found) > LIBRARY_LIMIT:
            yield Gap("device code", "image", f"only the first {LIBRARY_LIMIT:,} of {len(found):,} files are told of")
        for fact in found[:LIBRARY_LIMIT]:
            if fact.damaged:
                reason = (
                    f"{fact.damaged:,} containers of device code do not parse to their end, or are beyond a ceiling"
                )
                yield Gap("device code", fact.path, reason)
            yield fact


def _find(context: FactContext) -> Iterator[LibraryCode]:
    for extractor, form in (("elf-objects", CodeForm.OBJECT), (LooseCodeExtractor().name, CodeForm.FILE)):
        for layer, path, value in context.extracts(extractor):
            code = value.get("code") if form is CodeForm.OBJECT and isinstance(value, dict) else value
            if not code or (form is CodeForm.OBJECT and code is value):
                continue
            node = context.tree.get(path)
            if node is not None and (node.content_layer, node.content_path) == (layer, path):
                yield _tell(node, msgspec.convert(code, DeviceCode), form, context)


def find_passed_over(context: FactContext) -> frozenset[str]:
    """The objects that nothing loads because a library of the same SONAME is what programs get.

    What programs open by name while they run is loaded by nothing here; of several copies, the one that lies beside a
    library that is loaded is taken for theirs.
    """
    resolution = context.shared(find_resolution)
    reached, passed_over = resolution.reached, set[str]()
    folders = {path.rpartition("/")[0] for path in reached}
    for paths in resolution.by_soname.values():
        loaded = [path for path in paths if path in reached]
        chosen = loaded or [path for path in paths if path.rpartition("/")[0] in folders]
        if chosen:
            passed_over.update(set(paths).difference(chosen))
    return frozenset(passed_over)


def _tell(node: Node, code: DeviceCode, form: CodeForm, context: FactContext) -> LibraryCode:
    groups, is_self_loaded = select_groups(code)
    return LibraryCode(
        evidence=Evidence(node.content_layer, node.path),
        name=node.name,
        form=form,
        size=node.own_size,
        groups=groups[:GROUP_LIMIT],
        bytes_by_arch=_sum(group for group in code.groups if group.section != LINKING_SECTION),
        linking_bytes=sum(size for _, size in _sum(g for g in code.groups if g.section == LINKING_SECTION)),
        is_self_loaded=is_self_loaded,
        is_passed_over=node.path in context.shared(find_passed_over),
        damaged=code.damaged + code.unread + sum(group.count for group in groups[GROUP_LIMIT:]),
        instruction=context.instruction(node.content_layer),
    )


def select_groups(code: DeviceCode) -> tuple[tuple[ContainerGroup, ...], bool]:
    """The containers that decide what a GPU can run, most first, and whether most are not in the section for that.

    The CUDA runtime registers those of `.nv_fatbin`, and those of a file without sections. A library that has most
    elsewhere (libcufft has 18,000 in its data) loads them itself, and then they count as well.
    """
    loaded = [group for group in code.groups if group.section in (LOADED_SECTION, "")]
    elsewhere = [group for group in code.groups if group.section not in (LOADED_SECTION, LINKING_SECTION, "")]
    is_self_loaded = sum(group.count for group in elsewhere) > sum(group.count for group in loaded)
    merged: dict[tuple[object, ...], ContainerGroup] = {}
    for group in (*loaded, *(elsewhere if is_self_loaded else ())):
        targets = tuple(sorted({each for each in group.targets if each.kind in (CodeKind.SASS, CodeKind.PTX)}))
        if targets:
            before = merged.get(targets)
            count = group.count + (before.count if before else 0)
            merged[targets] = replace(group, targets=targets, count=count, section="", bytes_by_arch=())
    return tuple(sorted(merged.values(), key=lambda each: (-each.count, each.targets))), is_self_loaded


def name_targets(groups: Iterable[ContainerGroup]) -> tuple[str, ...]:
    """The targets that are in half of the containers or more, else all: `sm_80`, `compute_90`."""
    counts: Counter[DeviceTarget] = Counter()
    containers = 0
    for group in groups:
        containers += group.count
        counts.update(dict.fromkeys(set(group.targets), group.count))
    most = [target for target, count in counts.items() if 2 * count >= containers] or list(counts)
    ordered = sorted(most, key=lambda target: (target.kind is CodeKind.PTX, target.arch, target.suffix))
    names = {CodeKind.SASS: "sm", CodeKind.PTX: "compute"}
    return tuple(
        dict.fromkeys(f"{names[each.kind]}_{each.arch}{each.suffix}" for each in ordered if each.kind in names)
    )


def _sum(groups: Iterator[ContainerGroup]) -> tuple[tuple[int, int], ...]:
    total: dict[int, int] = {}
    for group in groups:
        for arch, size in group.bytes_by_arch:
            total[arch] = total.get(arch, 0) + size
    return tuple(sorted(total.items()))
