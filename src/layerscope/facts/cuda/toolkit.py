"""CUDA toolkits: what of them is there beside its libraries, for running or for building."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.cuda.marked_paths import find_marked_paths
from layerscope.facts.cuda.text_extractor import CudaTextExtractor
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.layers.entry import EntryType

_ROOT: Final = re.compile(r"(?:usr/local|opt)/(?:nvidia/)?cuda(?:-\d+(?:\.\d+)?)?")
_STATIC: Final = re.compile(r"lib(?:cu|nv|nccl|npp)\w*\.a")
_SYSTEM_STATIC: Final = re.compile(r"usr/lib(?:64)?(?:/[a-z0-9_]+-linux-gnu)?/lib(?:cu|nv|nccl)\w*_static(?:_v\d+)?\.a")
_COMPILERS: Final = frozenset({"nvcc", "cicc", "ptxas", "nvlink", "fatbinary", "cudafe++", "cuobjdump", "nvdisasm",
                               "nvprune", "cu++filt", "cuda-gdb", "compute-sanitizer", "ncu", "nsys"})  # fmt: skip


class DevelopmentFiles(Struct, frozen=True):
    """Files of one kind that only building needs, in one layer."""

    kind: str
    """`static libraries`, `headers`, `compilers and tools`, `linker stubs`, `profilers`."""
    layer: int
    files: int
    size: int


class CudaToolkit(Fact, frozen=True):
    """A toolkit's directory; `version` is empty where neither a file nor the directory's name tells it.

    `root` is `usr/local/cuda-12.4`, or empty for what lies among the system's libraries. `development`
    is what only building needs, largest first.
    """

    root: str
    version: str
    has_compiler: bool
    has_headers: bool
    has_compat: bool
    has_stubs: bool
    development: tuple[DevelopmentFiles, ...]
    instruction: str

    @property
    def development_size(self) -> int:
        """Bytes that only building needs."""
        return sum(each.size for each in self.development)


@dataclass
class _Toolkit:
    """A toolkit while its files are gathered."""

    root: str
    sizes: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    layers: dict[int, int] = field(default_factory=dict)

    def add(self, kind: str, layer: int, size: int) -> None:
        """Count a file."""
        self.layers[layer] = self.layers.get(layer, 0) + size
        if kind:
            counted = self.sizes.setdefault((kind, layer), [0, 0])
            counted[0] += 1
            counted[1] += size


class CudaToolkitCollector(Collector):
    """Looks below /usr/local/cuda-X.Y, and for static libraries among the system's."""

    name = "cuda.toolkit"
    extractors = (CudaTextExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield every toolkit, sorted by its root, and last what lies among the system's libraries."""
        roots = [path for path in _iter_candidates(context) if context.tree.children(path)]
        for root in sorted(roots):
            toolkit = _Toolkit(root)
            for node in context.tree.walk(root):
                if node.type is EntryType.FILE:
                    below = node.path[len(root) + 1 :]
                    toolkit.names.add(node.name)
                    toolkit.add(_tell_kind(below), node.content_layer, node.own_size)
            yield _tell(toolkit, context)
        system = _Toolkit("")
        for path in filter(_SYSTEM_STATIC.fullmatch, context.shared(find_marked_paths).archives):
            archive = context.tree.get(path)
            if archive is not None and archive.type is EntryType.FILE:
                system.add("static libraries", archive.content_layer, archive.own_size)
        if system.sizes:
            yield _tell(system, context)


def _iter_candidates(context: FactContext) -> Iterator[str]:
    """Directories that a toolkit's root may be; links to one are not."""
    for parent in ("usr/local", "opt", "opt/nvidia"):
        for path in context.tree.children(parent):
            node = context.tree.get(path)
            if _ROOT.fullmatch(path) and node is not None and node.type is EntryType.DIRECTORY:
                yield path


def _tell_kind(below: str) -> str:
    """What only building needs a file for; empty where running may need it."""
    folder, _, name = below.rpartition("/")
    parts = folder.split("/")
    if "stubs" in parts:
        return "linker stubs"
    if _STATIC.fullmatch(name):
        return "static libraries"
    if "include" in parts or name.endswith((".h", ".hpp", ".cuh")):
        return "headers"
    if parts[0].startswith(("nsight", "compute-sanitizer", "libnvvp", "nsightee")):
        return "profilers"
    if parts[0] == "nvvm" and name != "libdevice.10.bc" and "lib64" not in parts:
        return "compilers and tools"
    return "compilers and tools" if parts[0] == "bin" and name in _COMPILERS else ""


def _tell(toolkit: _Toolkit, context: FactContext) -> CudaToolkit:
    """The fact of a toolkit."""
    root, names = toolkit.root, toolkit.names
    layer = max(toolkit.layers, key=lambda each: (toolkit.layers[each], -each), default=None)
    development = sorted(
        (DevelopmentFiles(kind, at, files, size) for (kind, at), (files, size) in toolkit.sizes.items()),
        key=lambda each: (-each.size, each.kind, each.layer),
    )
    tree = context.tree
    return CudaToolkit(
        evidence=Evidence(layer, root or None),
        root=root,
        version=_find_version(root, context) if root else "",
        has_compiler="nvcc" in names,
        has_headers="cuda.h" in names or "cuda_runtime.h" in names,
        has_compat=bool(root) and f"{root}/compat" in tree,
        has_stubs=any(kind == "linker stubs" for kind, _ in toolkit.sizes),
        development=tuple(development),
        instruction=context.instruction(layer),
    )


def _find_version(root: str, context: FactContext) -> str:
    """A toolkit's version, by the file that it keeps, else by its directory's name."""
    for name in ("version.json", "version.txt"):
        values = context.find_extract(CudaTextExtractor.name, f"{root}/{name}")
        if isinstance(values, dict) and values.get("cuda"):
            return str(values["cuda"])
    match = re.search(r"-(\d+(?:\.\d+)?)$", root)
    return match[1] if match else ""
