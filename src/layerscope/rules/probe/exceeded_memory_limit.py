"""PROBE004: the container's memory does not suffice."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class ExceededMemoryLimit(Rule):
    """The container's memory does not suffice.

    What it checks: No process of the container was ended by the kernel for want of memory, within the limit that
        was given (`--memory`, by default 8 GiB).
    Why it matters: The kernel ends the process at once, with SIGKILL: no message, exit code 137. In production the
        limit is that of the pod.
    Example: A checkpoint of 14 GB that is read into main memory before it goes to the GPU.
    Remedy: Give it more with `--memory`; or load safetensors, which are mapped and not read, in a smaller type.
    Fix safety: Review: more memory helps only where the host has it.
    Blind spots: What the image needs with its real model and load may be more. Memory of the GPU is another matter.
    References: docs.docker.com, "Resource constraints"; the kernel's cgroup-v2, memory.events.
    """

    code: ClassVar[str] = "PROBE004"
    covers: ClassVar[tuple[int, ...]] = (4, 17, 106, 109)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.MEMORY):
            fixes = cure_broken(fact, "Give it more: --memory 16GiB")
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
