"""CUDA046: the image keeps the driver from compiling device code, or from keeping it."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.cuda.declared import CudaDeclaration, DeclaredVariable
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.config_edit import SetVariable
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import quote_instruction

_MEANINGS: Final = {
    "CUDA_DISABLE_PTX_JIT": ("a GPU newer than the image's machine code gets none at all (error 223)", Severity.MEDIUM),
    "CUDA_FORCE_PTX_JIT": ("machine code is left unused, and libraries without PTX fail (error 209)", Severity.MEDIUM),
    "CUDA_CACHE_DISABLE": ("what the driver compiles is compiled again at every start", Severity.LOW),
}


class DisabledCompilation(Rule):
    """The image keeps the driver from compiling device code, or from keeping it.

    What it checks: CUDA_DISABLE_PTX_JIT, CUDA_FORCE_PTX_JIT and CUDA_CACHE_DISABLE in the config, set to anything but
        0.
    Why it matters: They are for tests of a build. Without compilation, a GPU that has no machine code of its own in
        the image ends with "PTX JIT compilation was disabled"; with compilation forced, everything is compiled at the
        first use, and NVIDIA's libraries, most of which hold no PTX, find "no kernel image"; without the cache,
        minutes of compilation come back at every start.
    Example: `ENV CUDA_CACHE_DISABLE=1`, set to keep a benchmark honest and left in the image.
    Remedy: Take the variable out; give a test its own environment.
    Fix safety: Safe: the driver's own defaults apply.
    Blind spots: Values that start scripts or programs set are not seen.
    References: CUDA C++ Programming Guide, "CUDA Environment Variables".
    """

    code: ClassVar[str] = "CUDA046"
    covers: ClassVar[tuple[int, ...]] = (35,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (CudaDeclaration,)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each variable."""
        declaration = facts.find(CudaDeclaration)
        for name, (harm, severity) in _MEANINGS.items():
            variable = declaration.find(name) if declaration is not None else None
            if variable is not None and variable.value.strip() not in {"", "0"}:
                yield self._report(variable, harm, severity)

    def _report(self, variable: DeclaredVariable, harm: str, severity: Severity) -> Finding:
        """The finding of a variable."""
        said = f" ({quote_instruction(variable.instruction)})" if variable.instruction else ""
        fix = Fix(
            "Take the variable out",
            (f"Remove {variable.name} from ENV", f"Or: ENV {variable.name}=0"),
            kind=FixKind.CONFIG_EDIT,
            edits=(SetVariable(variable.name),),
        )
        message = f"The config sets {variable.name}={variable.value}{said}: {harm}"
        return self.finding(message, Evidence(), severity=severity, fixes=(fix,))
