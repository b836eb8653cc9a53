"""CUDA032: a linker's stub of the driver is on the search path."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.driver_files import DriverFile, DriverFileKind
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import quote_instruction, tell_path

_VARIABLE = "LD_LIBRARY_PATH"


class CudaStubOnPath(Rule):
    """A linker's stub of the driver is on the search path.

    What it checks: Folders called `stubs` with a `libcuda.so` or `libnvidia-ml.so` that LD_LIBRARY_PATH or ldconfig's
        files name.
    Why it matters: The toolkit's stubs have the driver's symbols and do nothing. A program that loads one instead of
        the driver gets error 34, "CUDA driver is a stub library".
    Example: `ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs:$LD_LIBRARY_PATH`, with a link libcuda.so.1 beside it.
    Remedy: Name the folder to the linker while building (LIBRARY_PATH, or -L), and nowhere else.
    Fix safety: Review: a build inside the container may rely on it.
    Blind spots: Paths that start scripts set are not seen. Programs ask for `libcuda.so.1`; a stub that is there as
        `libcuda.so` alone is found only by those that ask for that name, hence a smaller matter.
    References: xmake-io/xmake issue 4686; NVIDIA/warp issue 219.
    """

    code: ClassVar[str] = "CUDA032"
    covers: ClassVar[tuple[int, ...]] = (35, 69)
    severity: ClassVar[Severity] = Severity.CRITICAL
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (DriverFile, CudaDeclaration)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each folder."""
        folders: dict[str, list[DriverFile]] = {}
        for each in facts.of(DriverFile):
            if each.kind is DriverFileKind.STUB and each.search:
                folders.setdefault((each.evidence.path or "").rpartition("/")[0], []).append(each)
        declaration = facts.find(CudaDeclaration)
        variable = declaration.find(_VARIABLE) if declaration is not None else None
        for folder, stubs in sorted(folders.items()):
            names = {stub.name for stub in stubs}
            search = stubs[0].search
            is_loaded = "libcuda.so.1" in names
            severity = Severity.CRITICAL if search == _VARIABLE else Severity.HIGH
            setter = variable.instruction if variable is not None and search == _VARIABLE else ""
            said = f" ({quote_instruction(setter)})" if setter else ""
            main = next((stub for stub in stubs if stub.name == "libcuda.so.1"), stubs[0])
            yield self.finding(
                f"{tell_path(folder)} is on {search}{said}, and its {main.name} is a stub of the driver",
                main.evidence,
                severity=severity if is_loaded else Severity.MEDIUM,
                fixes=(_suggest(folder, search),),
            )


def _suggest(folder: str, search: str) -> Fix:
    """The path without stubs."""
    if search == _VARIABLE:
        step = f"Take {tell_path(folder)} out of ENV LD_LIBRARY_PATH"
    else:
        step = f"RUN sed -i '\\#stubs#d' {search} && ldconfig"
    return Fix(
        "Keep stubs to the linker",
        (step, f"Where a build needs them: RUN LIBRARY_PATH={tell_path(folder)} make …"),
    )
