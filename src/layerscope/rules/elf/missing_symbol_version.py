"""ELF002: the library that the loader finds is too old for an object."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.elf.loader_configuration import LoaderConfiguration
from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.elf.unmet_versions import UnmetSymbolVersion
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.library_path import take_out
from layerscope.rules.reach_severity import find_concerned, judge_reach, tell_brief, tell_failing
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import begin, blame_latest, tell_layer, tell_list, tell_path


class MissingSymbolVersion(Rule):
    """The library that the loader finds lacks a symbol version.

    What it checks: Each symbol version that an object requires is among those of the very file that the loader
        chooses for it, the step of its search included; glibc's own versions are ELF003's matter.
    Why it matters: The loader refuses the object: "/lib/x86_64-linux-gnu/libstdc++.so.6: version `GLIBCXX_3.4.32'
        not found (required by …)". Often a newer copy is in the image and another one wins.
    Example: A module built with conda's compiler, imported by the system's Python; `LD_LIBRARY_PATH` with the
        libraries of an older toolkit.
    Remedy: Let the loader find the newer copy, or install a build for what the image has.
    Fix safety: Review: another copy may suit other programs less.
    Blind spots: What is loaded first in a process wins for all that come later, and the order in which a program
        imports its modules is not known: a module imported earlier may have brought another copy.
    References: Drepper, "ELF Symbol Versioning"; pytorch/pytorch issue 157709; numpy/numpy issue 26986.
    """

    code: ClassVar[str] = "ELF002"
    covers: ClassVar[tuple[int, ...]] = (21, 70)
    severity: ClassVar[Severity] = Severity.HIGH
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (UnmetSymbolVersion, LoaderConfiguration)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding an object and library."""
        for fact in facts.of(UnmetSymbolVersion):
            if fact.versions[-1].startswith("GLIBC_"):
                continue
            newest = f", whose newest is {fact.newest}" if fact.newest else ""
            better = f"; {tell_path(fact.better[0])} has it and is not chosen" if fact.better else ""
            message = (
                f"{begin(tell_failing(fact.reach))}: {fact.place.path.rpartition('/')[2]} requires "
                f"{tell_list(fact.versions[::-1])}, and the loader finds {tell_path(fact.provider.path)} by "
                f"{fact.step} in {tell_layer(fact.provider.layer, fact.provider.instruction)}{newest}{better}"
            )
            places = blame_latest(
                Evidence(layer=fact.place.layer, path=fact.place.path),
                Evidence(layer=fact.provider.layer, path=fact.provider.path),
            )
            fix = _suggest(fact, facts.find(LoaderConfiguration))
            yield self.finding(
                message,
                *places,
                severity=judge_reach(fact.reach),
                fixes=(fix,),
                concerns=find_concerned(fact.reach),
                brief=f"{tell_brief(fact.reach)}: {tell_path(fact.provider.path)} lacks {fact.versions[-1]}",
            )


def _suggest(fact: UnmetSymbolVersion, configuration: LoaderConfiguration | None) -> Fix:
    """Let the newer copy win."""
    if fact.step is SearchStep.LIBRARY_PATH:
        folder = tell_path(fact.provider.path.rpartition("/")[0])
        return take_out(folder, configuration)
    if fact.better:
        folder = tell_path(fact.better[0].rpartition("/")[0])
        step = f"RUN echo {folder} > /etc/ld.so.conf.d/00-app.conf && ldconfig   (it then goes before the system's)"
        return Fix(f"Let {fact.library} of {folder} be found", (step,))
    return Fix(
        f"Bring a newer {fact.library}, or a build for the one that is there",
        ("FROM a newer release of the base image", "Or install a release of the package made for this one."),
    )
