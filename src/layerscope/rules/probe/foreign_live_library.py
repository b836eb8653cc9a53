"""PROBE031: a library comes from another file than the image's files let expect."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.live_libraries import UnexpectedLibrary
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count, tell_path


class ForeignLiveLibrary(Rule):
    """A library comes from another file than the image's files let expect.

    What it checks: The libraries that a process has in its memory, after imports, after the start of CUDA and after a
        generation, are the files that the loader finds when it is replayed over the image's files. Equal files at two
        places are one, and what the NVIDIA runtime brings is expected.
    Why it matters: What was tested, scanned and signed is not what runs. The other file is often older: a symbol is
        missing, or results change without a word.
    Example: A start script, or a package, that sets LD_LIBRARY_PATH or opens `libcublas.so.12` by its path before torch
        does; a library that was loaded first under the same name.
    Remedy: Find who brings the other file: `layerscope probe IMAGE --trace-libs` shows each folder that was tried, and
        why one won. Then take that file, or the variable, out of the image.
    Fix safety: Review: both files may be needed by different programs.
    Blind spots: Modules that the probe does not import are not compared, nor libraries that are opened by name at run
        time, which no file tells of.
    References: ld.so(8); proc_pid_maps(5).
    """

    code: ClassVar[str] = "PROBE031"
    covers: ClassVar[tuple[int, ...]] = (61, 66, 67)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (UnexpectedLibrary,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each pair of files, with the modules that ask for the library."""
        groups: dict[tuple[str, str, str], list[UnexpectedLibrary]] = {}
        for fact in facts.of(UnexpectedLibrary):
            groups.setdefault((fact.soname, fact.found, fact.expected), []).append(fact)
        for (soname, found, expected), group in groups.items():
            first = group[0]
            asking = f"{'' if '.so' in first.root.rpartition('/')[2] else 'A module in '}{tell_path(first.root)}"
            if len(group) > 1:
                asking += f" and {tell_count(len(group) - 1, 'other module')}"
            whose = "" if first.is_in_image else ", which is not in the image"
            meant = f"expected {tell_path(expected)} ({first.step})" if expected else "and by its own search finds none"
            message = f"{asking} got {soname} from {tell_path(found)}{whose}, {meant}; seen {first.moment}"
            fix = Fix("See who brings it", ("layerscope probe IMAGE --trace-libs",), kind=FixKind.HOST_ACTION)
            yield self.finding(message, *_places(first), fixes=(fix,))


def _places(fact: UnexpectedLibrary) -> tuple[Evidence, ...]:
    """Where both files lie: what a fact rests on first."""
    other = (Evidence(path=fact.expected),) if fact.expected else ()
    return (fact.evidence, *other) if fact.evidence.path is not None or not other else other
