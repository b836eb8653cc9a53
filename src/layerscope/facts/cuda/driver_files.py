"""Files of NVIDIA's driver in an image: baked in, linker stubs, and compatibility libraries."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.cuda.marked_paths import find_marked_paths
from layerscope.facts.cuda.search_folders import CudaLoaderConfExtractor, SearchFolder, find_search_folders
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.filesystem.node import Node
from layerscope.layers.entry import EntryType

FILE_LIMIT: Final = 500
"""Driver files that are told of; a whole driver has about sixty."""

_LIBRARY: Final = re.compile(
    r"lib(?:cuda|cudadebugger|nvcuvid|vdpau_nvidia|nvoptix|GLX_nvidia|EGL_nvidia|GLESv2_nvidia|GLESv1_CM_nvidia|dxcore|"
    r"nvidia-(?:ml|cfg|nscq|opencl|gpucomp|ptxjitcompiler|fatbinaryloader|allocator|compiler|pkcs11|pkcs11-openssl3|nvvm|"
    r"nvvm70|tileiras|encode|opticalflow|eglcore|glcore|tls|glsi|fbc|ifr|rtcore|glvkspirv|cbl|ngx|api|egl-gbm|"
    r"egl-wayland2?|egl-xcb|egl-xlib|vulkan-producer|sandboxutils))(?:-[0-9a-f]{8})?\.so(?:\.(\d+(?:\.\d+)*))?"
)
"""https://github.com/NVIDIA/libnvidia-container/blob/main/src/nvc_info.c, and with a hash as auditwheel copies them."""

_PROGRAMS: Final = frozenset({
    "nvidia-smi", "nvidia-debugdump", "nvidia-persistenced", "nv-fabricmanager", "nvidia-cuda-mps-control",
    "nvidia-cuda-mps-server",
})  # fmt: skip
_BEGINNINGS: Final = ("libcuda", "libnv", "libGL", "libEGL", "libvdpau", "libdxcore")
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


@dataclass(frozen=True, slots=True)
class DriverFile(Fact):
    """One file: its kind, what follows `.so` in its name, its bytes, and what puts its directory on the search path.

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


class DriverFileCollector(Collector):
    """Finds driver files by their names and places."""

    name = "cuda.driver-files"
    extractors = (CudaLoaderConfExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield libraries, then programs, sorted by path."""
        folders = {folder.path: folder for folder in context.shared(find_search_folders)}
        paths = sorted(
            path
            for path in context.shared(find_marked_paths).objects
            if path[path.rfind("/") + 1 :].startswith(_BEGINNINGS) and _LIBRARY.fullmatch(path.rpartition("/")[2])
        )
        if len(paths) > FILE_LIMIT:
            yield Gap("driver libraries", "image", f"only the first {FILE_LIMIT} of {len(paths):,} are told of")
        for path in paths[:FILE_LIMIT]:
            node = context.tree.get(path)
            if node is not None and node.type in {EntryType.FILE, EntryType.SYMLINK}:
                yield _tell_library(node, folders, context)
        for path in sorted(f"{folder}/{name}" for folder in _PROGRAM_FOLDERS for name in (*_PROGRAMS, *_RUNTIMES)):
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
    return DriverFile(
        evidence=Evidence(node.layer, node.path),
        kind=kind,
        name=node.name,
        version=(match[1] or "") if match else "",
        size=node.own_size,
        search=search,
        is_link=node.type is EntryType.SYMLINK,
        target=target,
        cuda="",
        branches=(),
        instruction=context.instruction(node.layer),
    )
