"""PY004: a distribution is not as it was installed."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.elf.unmet_needs import UnmetNeed
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.python.integrity import DamagedDistribution
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.python_cures import reinstall
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.told_removals import find_told_removals
from layerscope.rules.wording import tell_count, tell_layer, tell_list, tell_path


class AlteredDistribution(Rule):
    """A distribution is not as it was installed.

    What it checks: The files that a distribution's RECORD lists are there, and their SHA-256 is the one listed.
        Byte-code, files outside the site directory, and what tests, documentation and headers lost are not told; nor
        are removed libraries for want of which ELF001 tells that something fails.
    Why it matters: A missing module or library fails on import, often deep inside one; an altered one does what nobody
        reviewed, and the next installation undoes it.
    Example: `RUN find / -name '*.so*' -size +100M -delete` to save space, which took a library that torch loads.
    Remedy: Install the distribution anew, or make the change where it is built, as a version of its own.
    Fix safety: Review: the change may be deliberate.
    Blind spots: Distributions without RECORD: those of Debian, and eggs. Files that conda rewrote for their place are
        not compared. What two distributions both list is another rule's (PY006). A changed RECORD goes unnoticed.
        Nothing is said to be missing where a layer could not be read.
    References: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """

    code: ClassVar[str] = "PY004"
    covers: ClassVar[tuple[int, ...]] = (55,)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (DamagedDistribution, UnmetNeed, PythonEnvironment, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a distribution that misses code, and one where only the content differs."""
        is_incomplete, told = has_unread_layers(facts), find_told_removals(facts)
        for fact in facts.of(DamagedDistribution):
            if fact.missing_code and not is_incomplete:
                untold = fact.missing_code - len(told & set(fact.missing_examples))
                if untold:
                    is_replaced = untold <= len(set(fact.found_elsewhere) - told)
                    severity = Severity.HIGH if untold == fact.missing_code else Severity.MEDIUM
                    yield self._report(facts, fact, _tell_missing(fact), Severity.LOW if is_replaced else severity)
            elif fact.altered_code and fact.installer != "conda":
                is_stripped = "strip" in fact.altered_instruction
                severity = Severity.LOW if is_stripped else Severity.MEDIUM
                yield self._report(facts, fact, _tell_altered(fact), severity)

    def _report(self, facts: FactSet, fact: DamagedDistribution, message: str, severity: Severity) -> Finding:
        """The finding for one distribution."""
        fix = reinstall(
            facts, fact.environment, [f"{fact.name}=={fact.version}"], title=f"Install {fact.name} {fact.version} anew"
        )
        confidence = Confidence.HIGH if severity is Severity.HIGH else Confidence.MEDIUM
        return self.finding(message, fact.evidence, severity=severity, confidence=confidence, fixes=(fix,))


def _name(examples: tuple[str, ...], count: int) -> str:
    """The first files of so many, of which not all need be among the examples."""
    return tell_list(map(tell_path, examples[:count]), is_cut=count > len(examples))


def _tell_missing(fact: DamagedDistribution) -> str:
    """What is gone, and who removed it."""
    named = _name(fact.missing_examples, fact.missing_code)
    count = tell_count(fact.missing_code, "module or library", "modules and libraries")
    message = f"{fact.name} {fact.version} misses {count} of the {tell_count(fact.files, 'file')} it installed: {named}"
    if fact.found_elsewhere:
        names = tell_list(path.rpartition("/")[2] for path in fact.found_elsewhere)
        message += f"; the loader finds another {names}"
    if fact.missing_by is None:
        return message
    return f"{message}; removed by {tell_layer(fact.missing_by, fact.missing_instruction)}"


def _tell_altered(fact: DamagedDistribution) -> str:
    """What is different, and who wrote it."""
    named = _name(fact.altered_examples, fact.altered_code)
    count = tell_count(fact.altered_code, "module or library", "modules and libraries")
    message = f"{fact.name} {fact.version} has {count} with another content than it installed: {named}"
    if fact.altered_by is None:
        return message
    return f"{message}; written by {tell_layer(fact.altered_by, fact.altered_instruction)}"
