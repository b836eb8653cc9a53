"""CUDA041: the image asks for all of the driver."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.config_edit import SetVariable
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import quote_instruction


class ExcessiveDriverCapabilities(Rule):
    """The image asks for all of the driver.

    What it checks: NVIDIA_DRIVER_CAPABILITIES for the word `all`.
    Why it matters: Graphics, video and display parts of the driver are mounted into every container: more code that a
        process may reach, and a start that fails on hosts whose driver was installed without them.
    Example: `ENV NVIDIA_DRIVER_CAPABILITIES=all` in an image that serves a language model.
    Remedy: Name what the program uses: `compute,utility`; `video` for NVENC and NVDEC, `graphics` for rendering.
    Fix safety: Review: a program that renders, encodes or decodes needs more than `compute,utility`.
    Blind spots: What the program uses is not known. Engines that ask by CDI mount everything in any case.
    References: https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html.
    """

    code: ClassVar[str] = "CUDA041"
    covers: ClassVar[tuple[int, ...]] = (35,)
    severity: ClassVar[Severity] = Severity.INFO
    needs: ClassVar[tuple[type[Fact], ...]] = (CudaDeclaration,)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding."""
        declaration = facts.find(CudaDeclaration)
        if declaration is None or "all" not in (declaration.capabilities or ()):
            return
        variable = declaration.find("NVIDIA_DRIVER_CAPABILITIES")
        said = f" ({quote_instruction(variable.instruction)})" if variable is not None and variable.instruction else ""
        fix = Fix(
            "Name what is used",
            ("ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility",),
            kind=FixKind.CONFIG_EDIT,
            edits=(SetVariable("NVIDIA_DRIVER_CAPABILITIES", "compute,utility"),),
        )
        yield self.finding(
            f"NVIDIA_DRIVER_CAPABILITIES=all{said} mounts graphics, video and display parts of the driver as well",
            Evidence(),
            fixes=(fix,),
        )
