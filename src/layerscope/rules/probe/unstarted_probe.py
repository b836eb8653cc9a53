"""PROBE001: the image's Python does not start."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class UnstartedProbe(Rule):
    """The image's Python does not start.

    What it checks: The probe's own program, which needs nothing but a Python of the image, comes up and tells of
        its stages. It is started as a stranger (uid 65534), on a read-only root, without network and capabilities.
    Why it matters: Whatever the image's own program is, it starts with this interpreter. Where that does not come
        up, nothing else can be proved, and nothing else is tried.
    Example: `exec format error` for an image of another architecture; an interpreter in /root that only root may
        read.
    Remedy: Start the image by hand with `docker run --rm --entrypoint python3 IMAGE -c pass`, and read what it
        says.
    Fix safety: Review: why it does not start is not known from this alone.
    Blind spots: An interpreter that comes up as root, or on a writable root, is not told apart here.
    References: docs.docker.com, "docker run", exit status; execve(2).
    """

    code: ClassVar[str] = "PROBE001"
    covers: ClassVar[tuple[int, ...]] = (17, 134)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.NOT_STARTED):
            fixes = cure_broken(
                fact, "Start it by hand and read what it says: docker run --rm --entrypoint python3 IMAGE -c pass"
            )
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
