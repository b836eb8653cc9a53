"""PythonScope: what a Python process holds already when an extension module is imported, by path patterns.

`import torch` opens libtorch_global_deps.so for all to see and then torch/_C (torch/__init__.py); modules that are
built against torch name its libraries without a path to them and rely on their being loaded. The libraries in the
`nvidia` wheels are opened by several packages before they are needed: torch, onnxruntime, JAX and others do so.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from layerscope.facts.elf.process_replay import ProcessReplay
from layerscope.formats.elf_object import ElfObject

_TORCH_NAMES: Final = re.compile(r"lib(?:torch|c10)[\w-]*\.so")
_TORCH_MODULE: Final = re.compile(r"torch/_C\.[\w.-]*so|torch/_C\.so")
_TORCH_GLOBAL: Final = "torch/lib/libtorch_global_deps.so"
_TORCH_LIBRARY: Final = re.compile(r"torch/lib/[^/]+\.so(?:\.\d+)*")
_NVIDIA_LIBRARY: Final = re.compile(r"nvidia/[^/]+/lib/[^/]+\.so(?:\.\d+)*")


class PythonScope:
    """The states of one interpreter's process that modules of one site directory may be imported in."""

    def __init__(
        self, host: ProcessReplay, site: str, objects: Mapping[str, ElfObject], libraries: Sequence[str]
    ) -> None:
        """Begin with the interpreter's process; `libraries` are the site directory's objects, sorted."""
        self._host = host
        self._objects = objects
        self._paths = {path[len(site) + 1 :]: path for path in libraries} if site else {}
        self._torch: ProcessReplay | None = None
        self._all: ProcessReplay | None = None

    @property
    def has_torch(self) -> bool:
        """Whether torch is installed in the site directory."""
        return _TORCH_GLOBAL in self._paths

    def iter_states(self, elf: ElfObject) -> Iterator[ProcessReplay]:
        """States to try in turn until an object's needs are met: the likeliest first, at least one."""
        needs_torch = any(_TORCH_NAMES.match(name) for name in elf.needed)
        if self.has_torch and needs_torch:
            yield self._with_torch()
        else:
            yield self._host
            if self.has_torch:
                yield self._with_torch()
        if any(map(_NVIDIA_LIBRARY.fullmatch, self._paths)):
            yield self._with_wheels()

    def _with_torch(self) -> ProcessReplay:
        """After `import torch`."""
        if self._torch is None:
            self._torch = self._host.fork()
            self._open(self._torch, _TORCH_GLOBAL, is_global=True)
            for path in filter(_TORCH_MODULE.fullmatch, self._paths):
                self._open(self._torch, path)
        return self._torch

    def _with_wheels(self) -> ProcessReplay:
        """After packages have opened the libraries of the nvidia wheels and torch's others."""
        if self._all is None:
            self._all = (self._with_torch() if self.has_torch else self._host).fork()
            for path in self._paths:
                if _NVIDIA_LIBRARY.fullmatch(path) or _TORCH_LIBRARY.fullmatch(path):
                    self._open(self._all, path)
        return self._all

    def _open(self, process: ProcessReplay, path: str, *, is_global: bool = False) -> None:
        """Open one of the site directory's objects, as ctypes does."""
        real = self._paths[path]
        elf, main = self._objects[real], process.objects[0]
        if (elf.bits, elf.machine) == (main.elf.bits, main.elf.machine):
            process.open(real, elf, caller=main, is_global=is_global)
