"""CUDA032: a linker's stub of the driver is on the search path."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.driver_files import DriverFile, DriverFileKind
from layerscope.facts.elf.loader_configuration import LoaderConfiguration, SearchFolder
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.library_path import LIBRARY_PATH_NEEDS, propose_library_path
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
    needs: ClassVar[tuple[type[Fact], ...]] = (*LIBRARY_PATH_NEEDS, CudaDeclaration)

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
            entries = _find_entries(folder, facts) if search == _VARIABLE else []
            named = entries[0].text if entries else tell_path(folder)
            yield self.finding(
                f"{named} is on {search}{said}, and its {main.name} is a stub of the driver",
                main.evidence,
                severity=severity if is_loaded else Severity.MEDIUM,
                fixes=(_suggest(named, search, entries, facts),),
            )


def _find_entries(folder: str, facts: FactSet) -> list[SearchFolder]:
    """The parts of the variable that lead to a folder, as they are written."""
    configuration = facts.find(LoaderConfiguration)
    return [each for each in configuration.library_path if each.path == folder] if configuration else []


def _suggest(named: str, search: str, entries: list[SearchFolder], facts: FactSet) -> Fix:
    """The path without stubs."""
    configuration = facts.find(LoaderConfiguration)
    if search != _VARIABLE:
        step = f"RUN sed -i '\\#stubs#d' {search} && ldconfig"
    elif configuration is not None and entries:
        step = propose_library_path(facts)
    else:
        step = f"Take {named} out of ENV LD_LIBRARY_PATH"
    title = f"Take {named} out of LD_LIBRARY_PATH" if entries else "Keep stubs to the linker"
    kind = FixKind.CONFIG_EDIT if search == _VARIABLE else FixKind.DOCKERFILE_EDIT
    return Fix(title, (step, f"Where a build needs them: RUN LIBRARY_PATH={named} make …"), kind=kind)
