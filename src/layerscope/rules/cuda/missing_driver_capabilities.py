"""CUDA036: the image asks the NVIDIA runtime for less of the driver than it needs."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.framework import Framework
from layerscope.facts.cuda.libraries import CudaCopy
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.config_edit import SetVariable
from layerscope.rules.cuda_stack import computes_by_cuda
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace, Safety
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import quote_instruction, tell_list

KNOWN: Final = frozenset({"all", "none", "compute", "compat32", "graphics", "utility", "video", "display", "ngx"})
"""What the runtime knows: https://github.com/NVIDIA/nvidia-container-toolkit (internal/config/image/capabilities.go)"""


class MissingDriverCapabilities(Rule):
    """The image asks the NVIDIA runtime for less of the driver than it needs.

    What it checks: NVIDIA_DRIVER_CAPABILITIES, where it is set, for `compute` (libcuda) and `utility` (NVML,
        nvidia-smi), in images that are for CUDA; and for words that the runtime does not know.
    Why it matters: Without `compute`, nvidia-smi may work and CUDA does not: "Found no NVIDIA driver on your system".
        Without `utility`, whatever asks NVML for memory or topology fails. An unknown word stops the container's start.
    Example: `ENV NVIDIA_DRIVER_CAPABILITIES=graphics,utility` on an image that also runs a model.
    Remedy: Name what the program uses, most often `compute,utility`.
    Fix safety: Safe: more libraries of the driver are mounted, nothing else changes.
    Blind spots: An engine that asks by CDI mounts everything and does not read the variable. An image without the
        variable gets both.
    References: https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html.
    """

    code: ClassVar[str] = "CUDA036"
    covers: ClassVar[tuple[int, ...]] = (31, 35)
    severity: ClassVar[Severity] = Severity.HIGH
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (CudaDeclaration, Framework, CudaCopy)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding for what lacks, and one for what is unknown."""
        declaration = facts.find(CudaDeclaration)
        if declaration is None or not declaration.capabilities:
            return
        words = set(declaration.capabilities)
        variable = declaration.find("NVIDIA_DRIVER_CAPABILITIES")
        said = f" ({quote_instruction(variable.instruction)})" if variable is not None and variable.instruction else ""
        value = ",".join(declaration.capabilities)
        missing = [name for name in ("compute", "utility") if name not in words]
        fix = Fix(
            "Ask for what CUDA needs",
            (f"ENV NVIDIA_DRIVER_CAPABILITIES={_extend(words, missing)}",),
            Safety.SAFE,
            kind=FixKind.CONFIG_EDIT,
            edits=(SetVariable("NVIDIA_DRIVER_CAPABILITIES", _extend(words, missing)),),
        )
        if missing and "all" not in words and computes_by_cuda(facts):
            message = f"NVIDIA_DRIVER_CAPABILITIES={value}{said} lacks {tell_list(missing)}"
            is_computing = "compute" not in missing
            yield self.finding(
                message, Evidence(), severity=Severity.MEDIUM if is_computing else Severity.HIGH, fixes=(fix,)
            )
        unknown = sorted(words - KNOWN)
        if unknown:
            message = f"NVIDIA_DRIVER_CAPABILITIES={value}{said} holds {tell_list(unknown)}, which no runtime knows"
            yield self.finding(message, Evidence(), fixes=(fix,))


def _extend(words: set[str], missing: list[str]) -> str:
    """The words that are known, and what lacks."""
    kept = sorted((words & KNOWN) - {"none"})
    return ",".join(dict.fromkeys([*missing, *kept]))
