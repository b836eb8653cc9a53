"""ELF001: a library is missing."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from layerscope.facts.cuda.framework import Framework
from layerscope.facts.cuda.libraries import CudaCopy
from layerscope.facts.elf.foreign_objects import GlibcModules
from layerscope.facts.elf.unmet_needs import UnmetNeed, UnreachedNeed
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.python.integrity import DamagedDistribution
from layerscope.facts.system.package_files import MissingPackageFiles
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.reach_severity import (
    find_concerned,
    judge_need,
    tell_brief,
    tell_chain,
    tell_failing,
    tell_user,
    tell_users,
)
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.unmet_need_groups import group_needs
from layerscope.rules.unmet_need_wording import explain_need, suggest_libraries, tell_fate
from layerscope.rules.wording import SHOWN_LOCATIONS, begin, tell_list


class MissingLibrary(Rule):
    """A library is missing.

    What it checks: The dynamic loader is replayed for the entrypoint, for every program, and for every Python
        extension module in its interpreter's process; each library that they come to need is found in the image, or
        is one that the NVIDIA runtime brings.
    Why it matters: The program does not start, the module is not imported: "error while loading shared libraries:
        libX.so.1: cannot open shared object file: No such file or directory".
    Example: `opencv-python` in a slim image, where nothing brings libGL.so.1; a clean-up step that deletes
        `libcudnn*` of a wheel.
    Remedy: Install the package that has the library, keep what a later step deletes, run ldconfig after libraries
        were copied.
    Fix safety: Review: which package has the library depends on the distribution.
    Blind spots: Libraries that a program opens by name while it runs are not in its header. Whether anything imports
        a module is not known: parts deep in a package weigh less, plugins that nothing reaches are listed apart.
        Variables set by an entrypoint script or at run time are not seen. Nothing is said where a layer could not
        be read, nor of packages for another C library (ELF009, PY008), or whose CUDA the image has not (CUDA024).
    References: ld.so(8); Debian bug reports on libGL.so.1; pytorch/pytorch, "libcudart.so: cannot open".
    """

    code: ClassVar[str] = "ELF001"
    covers: ClassVar[tuple[int, ...]] = (61, 66)
    severity: ClassVar[Severity] = Severity.HIGH
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (
        UnmetNeed,
        UnreachedNeed,
        DamagedDistribution,
        MissingPackageFiles,
        GlibcModules,
        Framework,
        CudaCopy,
        PythonEnvironment,
        LayerProof,
    )

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for all that fails together or lacks the same, then one for all that nothing reaches."""
        if has_unread_layers(facts):
            return
        for needs in group_needs(facts):
            yield self._tell(needs, facts)
        unreached = facts.of(UnreachedNeed)
        if unreached:
            names = tell_list(need.needed for need in unreached)
            message = f"Plugins that nothing imports or starts by itself need libraries that are not there: {names}"
            places = dict.fromkeys(Evidence(need.evidence.layer, need.evidence.path) for need in unreached)
            yield self.finding(
                message, *list(places)[:SHOWN_LOCATIONS], severity=Severity.INFO, confidence=Confidence.LOW
            )

    def _tell(self, needs: Sequence[UnmetNeed], facts: FactSet) -> Finding:
        """What one package or program lacks, the worst first."""
        worst = needs[0]
        askers = list(dict.fromkeys(need.place.path.rpartition("/")[2] for need in needs))
        names = list(dict.fromkeys(need.needed for need in needs))
        verb = "needs" if len(askers) == 1 else "need"
        link = ", which" if len(names) == 1 else f"; {worst.needed}"
        where = f"{tell_list(askers)} {verb} {tell_list(names)}{link} {explain_need(worst)}"
        others = list(dict.fromkeys(need.reach for need in needs if tell_user(need.reach) != tell_user(worst.reach)))
        also = f"; so {'do' if len(others) > 1 else 'does'} {tell_users(others)}" if others else ""
        message = f"{begin(tell_failing(worst.reach))}{tell_chain(worst.reach)}: {where}{also}"
        places = list(dict.fromkeys(Evidence(layer=need.place.layer, path=need.place.path) for need in needs))
        if worst.removed_by is not None:
            places.insert(0, Evidence(layer=worst.removed_by, path=worst.removed_path))
        is_sure = not (worst.is_bundled or worst.reach.is_variant)
        return self.finding(
            message,
            *places[:SHOWN_LOCATIONS],
            severity=judge_need(worst, facts),
            confidence=Confidence.HIGH if is_sure else Confidence.LOW,
            fixes=suggest_libraries(needs, facts),
            concerns=find_concerned(need.reach for need in needs),
            brief=f"{tell_brief(worst.reach)}: {worst.needed} {tell_fate(worst)}",
        )
