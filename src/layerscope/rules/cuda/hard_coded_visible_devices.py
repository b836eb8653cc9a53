"""CUDA035: the image fixes which GPUs its containers see."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.declared import CudaDeclaration, DeclaredVariable
from layerscope.facts.cuda.framework import Framework
from layerscope.facts.cuda.libraries import CudaCopy
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.config_edit import SetVariable
from layerscope.rules.cuda_stack import computes_by_cuda
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import quote_instruction


class HardCodedVisibleDevices(Rule):
    """The image fixes which GPUs its containers see.

    What it checks: CUDA_VISIBLE_DEVICES in the config, whatever its value, and NVIDIA_VISIBLE_DEVICES with anything
        but `all`.
    Why it matters: Which GPUs a container gets is for the engine or scheduler to say. With a baked number, a container
        that was given GPU 3 sees none ("no CUDA-capable device is detected"), one of eight GPUs works, and an empty
        value hides all of them without an error.
    Example: `ENV CUDA_VISIBLE_DEVICES=0`, left over from a workstation.
    Remedy: Take the variable out; pick devices when the container starts.
    Fix safety: Review: a program may rely on a single device being visible.
    Blind spots: Values that start scripts or programs set are not seen. `NVIDIA_VISIBLE_DEVICES=all` is what NVIDIA's
        base images set and is let pass, and so are GPUs hidden in an image without CUDA.
    References: https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html.
    """

    code: ClassVar[str] = "CUDA035"
    covers: ClassVar[tuple[int, ...]] = (35,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (CudaDeclaration, CudaCopy, Framework)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each variable."""
        declaration = facts.find(CudaDeclaration)
        if declaration is None:
            return
        own = declaration.find("CUDA_VISIBLE_DEVICES")
        if own is not None:
            hides = own.value.strip() in {"", "-1", "none", "void", "NoDevFiles"}
            if hides and not computes_by_cuda(facts):
                return
            what = "no GPU is visible to CUDA" if hides else f"CUDA sees {own.value} alone, whatever GPUs it is given"
            yield self._report(own, what, Severity.HIGH if hides else Severity.MEDIUM)
        runtime = declaration.find("NVIDIA_VISIBLE_DEVICES")
        if runtime is not None and runtime.value not in {"all", ""}:
            hides = runtime.value in {"none", "void"}
            what = (
                "the NVIDIA runtime gives it no GPU unless the engine is asked for one"
                if hides
                else "the NVIDIA runtime gives it the GPUs of one host by number or name"
            )
            yield self._report(runtime, what, Severity.LOW if hides else Severity.MEDIUM)

    def _report(self, variable: DeclaredVariable, what: str, severity: Severity) -> Finding:
        """The finding of a variable."""
        said = f" ({quote_instruction(variable.instruction)})" if variable.instruction else ""
        fix = Fix(
            "Pick devices when the container starts",
            (
                f"Remove {variable.name} from ENV",
                "docker run --gpus '\"device=0\"' …   or --gpus all",
            ),
            kind=FixKind.CONFIG_EDIT,
            edits=(SetVariable(variable.name),),
        )
        message = f"The config sets {variable.name}={variable.value!r}{said}: {what}"
        return self.finding(message, Evidence(), severity=severity, fixes=(fix,))
