"""ELF021: objects need a newer processor than every x86-64 machine has."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.elf.object_hazards import DemandingObjects
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_count, tell_layer, tell_list, tell_path

MEANINGS: Final = {
    "x86-64-v3": "AVX2 and FMA: Intel since Haswell (2013), AMD since Excavator (2015)",
    "x86-64-v4": "AVX-512: Intel servers since Skylake (2017), AMD since Zen 4 (2022)",
}


class DemandingCpu(Rule):
    """Objects need a newer processor than every x86-64 machine has.

    What it checks: The property of x86 in the notes of every object: whether it says that the levels x86-64-v3 or
        x86-64-v4 are needed. Objects in directories that the loader searches on such processors only are left out.
    Why it matters: On a lesser processor, or in a virtual machine whose model hides the instructions, the process
        ends with "Illegal instruction" (exit code 132), or glibc 2.33 and newer refuses to load the object: "CPU ISA
        level is lower than required".
    Example: A library built with `-march=x86-64-v4` on the build machine, started on a host with AMD Zen 3.
    Remedy: Build for a lower level, or see that every node has the processor.
    Fix safety: Review: code for a lower level may be slower.
    Blind spots: Most compilers write no such property: what is built with `-march=native` seldom says so. Libraries
        that choose their code at run time, as NumPy and PyTorch do, need no property and have none.
    References: x86-64 psABI, "Program Property"; glibc manual, "Hardware Capability Subdirectories".
    """

    code: ClassVar[str] = "ELF021"
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (DemandingObjects,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a level and layer."""
        for objects in facts.of(DemandingObjects):
            named = tell_list((tell_path(path) for path in objects.paths), is_cut=objects.count > len(objects.paths))
            made = tell_layer(objects.layer, objects.instruction)
            needs = "needs" if objects.count == 1 else "need"
            message = (
                f"{tell_count(objects.count, 'object')} of {made} {needs} a processor of level {objects.level} "
                f"({MEANINGS[objects.level]}): {named}"
            )
            places = [Evidence(layer=objects.layer, path=path) for path in objects.paths[:SHOWN_LOCATIONS]]
            severity = self.severity if objects.level == "x86-64-v4" else Severity.INFO
            yield self.finding(message, *places, severity=severity, fixes=(_suggest(objects.level),))


def _suggest(level: str) -> Fix:
    """A build for every machine, or a look at the nodes."""
    return Fix(
        "Build for a lower level, or check the nodes",
        (
            "Compile with -march=x86-64-v2 instead of -march=native or a higher level.",
            f"On each node: /lib64/ld-linux-x86-64.so.2 --help | grep '{level}'   (says whether it is supported)",
        ),
    )
