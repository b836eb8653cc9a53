"""CUDA029: bitsandbytes has no library for the CUDA of its torch."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.config_edit import SetVariable
from layerscope.rules.cuda_stack import find_framework, tell_made_by
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.python_cures import tell_pip_of
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_list


class MissingBitsandbytesLibrary(Rule):
    """Bitsandbytes has no library for the CUDA of its torch.

    What it checks: That among the `libbitsandbytes_cudaNNN.so` there is one for `torch.version.cuda`, or for
        BNB_CUDA_VERSION where the config sets it; and that this variable names torch's own release.
    Why it matters: bitsandbytes picks its library by that number: "CUDA Setup failed despite GPU being available", and
        quantised models do not load.
    Example: `pip install bitsandbytes==0.42.0 torch==2.8.0`: built for CUDA 11.8 and 12.x up to 12.3, torch for 12.8.
    Remedy: A bitsandbytes that is newer than torch; no BNB_CUDA_VERSION.
    Fix safety: Review: newer releases read older quantised checkpoints, but change their interface.
    Blind spots: Whether the library has code for a GPU is judged elsewhere. Releases that fall back to another library
        of the same CUDA major version are not told apart, hence medium confidence.
    References: bitsandbytes-foundation/bitsandbytes issues 1559, 778 and 288.
    """

    code: ClassVar[str] = "CUDA029"
    covers: ClassVar[tuple[int, ...]] = (39,)
    severity: ClassVar[Severity] = Severity.HIGH
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (Framework, CudaDeclaration, LayerProof, PythonEnvironment)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each environment."""
        declaration = facts.find(CudaDeclaration)
        override = declaration.find("BNB_CUDA_VERSION") if declaration is not None else None
        for library in facts.of(Framework):
            torch = find_framework(facts, "torch", library.environment)
            if library.name != "bitsandbytes" or torch is None or torch.build is not Build.CUDA or not torch.cuda:
                continue
            own = "".join(torch.cuda.split(".")[:2])
            wanted = override.value if override is not None and override.value else own
            made_by = tell_made_by(library.evidence.layer, library.instruction)
            if wanted not in library.libraries and not has_unread_layers(facts):
                there = tell_list(library.libraries, shown=10) or "no CUDA at all"
                reason = "BNB_CUDA_VERSION names it" if wanted != own else f"{torch.label} was built for it"
                message = (
                    f"{library.label} {made_by} has libraries for {there}, none for {wanted}; {reason}, so that it "
                    f"finds no CUDA library"
                )
                yield self.finding(
                    message,
                    library.evidence,
                    torch.evidence,
                    fixes=(_suggest(facts, library.environment, wanted != own),),
                )
            elif wanted != own:
                message = (
                    f"BNB_CUDA_VERSION is {wanted}, and {torch.label} was built for {own}: {library.label} loads a "
                    f"library for another CUDA than its torch"
                )
                yield self.finding(
                    message,
                    library.evidence,
                    severity=Severity.MEDIUM,
                    fixes=(_suggest(facts, library.environment, is_overridden=True),),
                )


def _suggest(facts: FactSet, environment: str, is_overridden: bool) -> Fix:
    """A bitsandbytes that fits torch."""
    if is_overridden:
        return Fix(
            "Take the variable out",
            ("Remove ENV BNB_CUDA_VERSION from the Dockerfile",),
            kind=FixKind.CONFIG_EDIT,
            edits=(SetVariable("BNB_CUDA_VERSION"),),
        )
    return Fix(
        "Install a bitsandbytes that knows torch's CUDA",
        (f"RUN {tell_pip_of(facts, environment)} --upgrade bitsandbytes   (after torch, in the same step)",),
    )
