"""Removed files that ELF001 tells with all that fails for want of them, which other rules need not tell again."""

from layerscope.facts.elf.unmet_needs import UnmetNeed
from layerscope.facts.fact_set import FactSet


def find_told_removals(facts: FactSet) -> frozenset[str]:
    """The paths of libraries that a layer removed and something in the image needs."""
    return frozenset(need.removed_path for need in facts.of(UnmetNeed) if need.removed_by is not None)
