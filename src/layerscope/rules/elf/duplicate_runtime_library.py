"""ELF008: a process gets two copies of a runtime library that should be there once."""

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.elf.duplicate_libraries import DuplicateLibrary, LibraryCopy
from layerscope.facts.elf.libc import split_version
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_list, tell_path

_FAMILIES: Final = ("libstdc++", "OpenMP")
"""CUDA's doubles are a matter of the rules on CUDA."""

_MAKER: Final = re.compile(r"lib(gomp|iomp5|omp5?)")


class DuplicateRuntimeLibrary(Rule):
    """A process gets two copies of a runtime library that should be there once.

    What it checks: Which copies of libstdc++ and of the OpenMP runtimes (libgomp, libiomp5, libomp) come together in
        one program or module, or in the modules of one Python environment.
    Why it matters: Two OpenMP runtimes start two pools of threads, each as large as the machine: the process is slow,
        and with Intel's it stops ("OMP: Error #15: Initializing libiomp5, but found …") or hangs. Of two libstdc++,
        the first that is loaded serves all: an import then depends on what was imported before.
    Example: scikit-learn (libgomp) and a torch with MKL (libiomp5) in one process; a conda environment whose Python
        starts with the system's libstdc++.
    Remedy: Packages from one source (all conda, or all wheels); for OpenMP, `OMP_NUM_THREADS` set by hand limits the
        harm.
    Fix safety: Review: which copy may go depends on what was built with it.
    Blind spots: Which modules a program imports together is not known, so that an environment is taken as one
        process. Libraries that are opened by name are not followed.
    References: Intel, "OMP Error 15"; scikit-learn documentation, "Parallelism"; pytorch/pytorch issue 157709.
    """

    code: ClassVar[str] = "ELF008"
    covers: ClassVar[tuple[int, ...]] = (67,)
    severity: ClassVar[Severity] = Severity.LOW
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (DuplicateLibrary,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a family."""
        for fact in facts.of(DuplicateLibrary):
            copies = [copy for copy in fact.copies if copy.place.path in fact.together]
            if fact.family not in _FAMILIES or len(copies) < 2:  # noqa: PLR2004 - two are the first duplicate
                continue
            old = [copy for copy in copies if fact.required and _number(copy.version) < _number(fact.required)]
            makers = {match[1] for copy in copies if (match := _MAKER.match(copy.place.path.rpartition("/")[2]))}
            is_mixed = len(makers) > 1 and "iomp5" in makers
            where = (
                f"{tell_path(fact.process)} loads" if fact.is_one_root else f"Modules in {tell_path(fact.process)} load"
            )
            names = tell_list(_describe(copy) for copy in copies)
            message = f"{where} {len(copies)} copies of {fact.family}: {names}"
            if old:
                message += f"; objects there need {fact.required}, which {tell_path(old[0].place.path)} does not have"
            severity = Severity.MEDIUM if old or (is_mixed and fact.is_one_root) else self.severity
            places = [Evidence(layer=copy.place.layer, path=copy.place.path) for copy in copies]
            yield self.finding(message, *places, severity=severity, fixes=(_suggest(fact.family),))


def _number(version: str) -> tuple[int, ...]:
    """The numbers of `GLIBCXX_3.4.30`."""
    return split_version(version.rpartition("_")[2])


def _describe(copy: LibraryCopy) -> str:
    """A copy with the newest version that it gives."""
    return f"{tell_path(copy.place.path)} ({copy.version})" if copy.version else tell_path(copy.place.path)


def _suggest(family: str) -> Fix:
    """One source for all."""
    if family == "OpenMP":
        return Fix(
            "Bring the packages from one source, or limit the threads",
            ("ENV OMP_NUM_THREADS=…   the processors that the container gets",),
            kind=FixKind.CONFIG_EDIT,
        )
    return Fix(
        "Let the newest libstdc++ be found first", ("RUN conda install -c conda-forge libstdcxx-ng   or remove it",)
    )
