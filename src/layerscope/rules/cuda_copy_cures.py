"""How an image is built without a second copy of CUDA's libraries, by where that copy came from."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.libraries import CudaCopy
from layerscope.facts.cuda.places import CopyKind
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.system.os_release import OsRelease
from layerscope.rules.build_edit import UseVariant
from layerscope.rules.fix import Fix
from layerscope.rules.wording import tell_layer, tell_list, tell_path

_INSTALL: Final = re.compile(r"\b(?:apt-get|apt|dnf|microdnf|yum|zypper|apk)\b[^;|]*?\b(?:install|add)\b")
_PACKAGE: Final = re.compile(r"(?<![\w./-])(?:cuda|libcu|libnccl|libnv|libnpp)[\w.+~=*:-]*")
_OF_NVIDIA: Final = ("${NV_", "$NV_", "NVIDIA CORPORATION")
"""How the steps of nvidia/cuda name what they install."""


def suggest_one_copy(kept: CudaCopy, copy: CudaCopy, facts: FactSet) -> Fix:
    """Build without a copy."""
    packages = list(dict.fromkeys(_PACKAGE.findall(copy.instruction)))
    is_installed = bool(packages) and _INSTALL.search(copy.instruction) is not None
    is_of_nvidia = any(mark in copy.instruction for mark in _OF_NVIDIA)
    if is_installed and not is_of_nvidia:
        step = tell_layer(copy.evidence.layer, copy.instruction)
        kept_in = f"what is used is in {tell_path(kept.root)}"
        return Fix(f"Do not install {tell_list(packages)}", (f"Take {' '.join(packages)} out of {step}; {kept_in}",))
    if copy.kind in {CopyKind.TOOLKIT, CopyKind.SYSTEM} and (is_of_nvidia or _is_of_base(copy, facts)):
        steps = tuple(_iter_bases(facts))
        return Fix("Build on an image without CUDA's libraries", steps, build_edits=(UseVariant("base"),))
    steps = (f"Leave {tell_path(copy.root)} out of the step that makes it; a deletion in a later step frees nothing",)
    if copy.kind is CopyKind.WHEEL:
        steps = ("Install everything into one environment, so that its packages share NVIDIA's wheels", *steps)
    return Fix(f"Keep one copy, that in {tell_path(kept.root)}", steps)


def _is_of_base(copy: CudaCopy, facts: FactSet) -> bool:
    """Whether the copy came with the base image: by NVIDIA's own steps, or with the first layer."""
    declaration = facts.find(CudaDeclaration)
    is_nvidia = declaration is not None and any(each.name.startswith("NV_") for each in declaration.variables)
    is_first = copy.evidence.layer == 0 and not copy.instruction.startswith(("RUN", "COPY"))
    return is_nvidia or is_first


def _iter_bases(facts: FactSet) -> Iterator[str]:
    """Bases with the image's own Python and system, and no CUDA."""
    python = next((each.series for each in facts.of(PythonEnvironment) if each.is_active), "3.X")
    yield f"FROM python:{python}-slim   (the wheels bring CUDA; the host brings the driver)"
    declaration, release = facts.find(CudaDeclaration), facts.find(OsRelease)
    version = (declaration.cuda_version if declaration is not None else "") or "X.Y.Z"
    system = f"{release.id}{release.version_id}" if release is not None and release.id == "ubuntu" else "ubuntu24.04"
    yield f"Or, where NVIDIA's variables are wanted: FROM nvidia/cuda:{version}-base-{system}"
    yield "Set for --gpus: ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility"
