"""ELF002: the library that the loader finds is too old for an object."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.elf.unmet_versions import UnmetSymbolVersion
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixPlace
from layerscope.rules.library_path import LIBRARY_PATH_NEEDS, take_out
from layerscope.rules.reach_severity import find_concerned, judge_certain, tell_brief
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.version_wording import tell_many_lacks, tell_one_lack
from layerscope.rules.wording import (
    SHOWN_LOCATIONS,
    blame_latest,
    tell_path,
)


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
    needs: ClassVar[tuple[type[Fact], ...]] = (*LIBRARY_PATH_NEEDS, PythonEnvironment, LayerProof)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each library that lacks versions and each way in which it is found."""
        groups: dict[tuple[str, SearchStep], list[UnmetSymbolVersion]] = {}
        for fact in facts.of(UnmetSymbolVersion):
            if not fact.versions[-1].startswith("GLIBC_"):
                groups.setdefault((fact.provider.path, fact.step), []).append(fact)
        for group in groups.values():
            group.sort(
                key=lambda f: (judge_certain(f.reach, facts), bool(f.reach.package), f.reach.count), reverse=True
            )
            worst = group[0]
            places = [
                Evidence(layer=each.layer, path=each.path) for each in (worst.provider, *(f.place for f in group))
            ]
            yield self.finding(
                tell_one_lack(worst) if len(group) == 1 else tell_many_lacks(group),
                *blame_latest(*places[:SHOWN_LOCATIONS]),
                severity=judge_certain(worst.reach, facts),
                fixes=(_suggest(worst, facts),),
                concerns=find_concerned(fact.reach for fact in group),
                brief=f"{tell_brief(worst.reach)}: {tell_path(worst.provider.path)} lacks {worst.versions[-1]}",
            )


def _suggest(fact: UnmetSymbolVersion, facts: FactSet) -> Fix:
    """Let the newer copy win."""
    if fact.step is SearchStep.LIBRARY_PATH:
        folder = tell_path(fact.provider.path.rpartition("/")[0])
        return take_out(folder, facts)
    if fact.better:
        folder = tell_path(fact.better[0].rpartition("/")[0])
        step = f"RUN echo {folder} > /etc/ld.so.conf.d/00-app.conf && ldconfig   (it then goes before the system's)"
        return Fix(f"Let {fact.library} of {folder} be found", (step,))
    return Fix(
        f"Bring a newer {fact.library}, or a build for the one that is there",
        ("FROM a newer release of the base image", "Or install a release of the package made for this one."),
    )
