"""PY006: two distributions write the same files."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.python.overlaps import Overlap
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.python_cures import pin, quote_requirements, tell_pip
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import begin, tell_count, tell_layer, tell_list, tell_path


class OverlappingDistributions(Rule):
    """Two distributions write the same files.

    What it checks: No two distributions of a site directory list the same file with different contents, and no two are
        installed that hold the same import package under different names (onnxruntime, OpenCV, TensorFlow builds).
    Why it matters: The one installed last has overwritten the other, file by file, so that what is imported is a mix
        of both. Uninstalling one breaks the other.
    Example: `onnxruntime` drawn in by a requirement after `onnxruntime-gpu`: inference goes on, silently, on the CPU.
    Remedy: Keep one of the two, and have the other's requirement met by it.
    Fix safety: Review: which of the two is wanted depends on the program.
    Blind spots: Distributions without RECORD. Equal files, tests, documentation and bare `__init__.py` files that both
        list are no quarrel. Which pairs hold the same package is a dated table.
    References: https://github.com/opencv/opencv-python#installation-and-usage,
        https://onnxruntime.ai/docs/install/
    """

    code: ClassVar[str] = "PY006"
    covers: ClassVar[tuple[int, ...]] = (64,)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (Overlap, PythonEnvironment)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a pair."""
        for fact in facts.of(Overlap):
            if fact.package or fact.shared_code:
                yield self._report(facts, fact)

    def _report(self, facts: FactSet, fact: Overlap) -> Finding:
        """The finding for one pair; strangers that share some modules are a smaller matter than twins."""
        pip = tell_pip(facts, fact.environment)
        pair = f"{fact.first} and {fact.second}"
        parts = [f"{pair} both hold the package {fact.package}" if fact.package else f"{pair} write the same files"]
        if fact.shared:
            named = tell_list(map(tell_path, fact.examples), is_cut=fact.shared > len(fact.examples))
            parts.append(f"{tell_count(fact.shared, 'file')} with different contents: {named}")
        if fact.kept:
            parts.append(f"most are now those of {fact.kept}")
        parts.append(f"the last came with {tell_layer(fact.layer, fact.instruction)}")
        uninstall = f"{tell_pip(facts, fact.environment, 'uninstall')} -y {' '.join(fact.keys)}"
        keep = next((label for label in (fact.first, fact.second) if "gpu" in label or "headless" in label), fact.first)
        fix = Fix(
            begin(fact.advice) if fact.advice else "Keep one of the two, in a version that does not collide",
            (f"RUN {uninstall} && {pip} {quote_requirements([pin(keep)])}",),
        )
        severity = Severity.HIGH if fact.package else Severity.MEDIUM
        return self.finding("; ".join(parts), fact.evidence, severity=severity, fixes=(fix,))
