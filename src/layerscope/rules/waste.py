"""How bad wasted bytes are, by their number and their share of the image."""

from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.weight import ImageWeight
from layerscope.rules.severity import Severity

NEGLIGIBLE: Final = 1_000_000
"""Below a megabyte no rebuild pays: package managers rewrite their databases in every step, and that is all it is."""

CONSIDERABLE: Final = 100_000_000
CONSIDERABLE_SHARE: Final = 0.1
"""A tenth of a second on a data-centre link for every pull of every node, or a tenth of the image."""

LARGE: Final = 1_000_000_000
"""A gigabyte: minutes on an office line, and real money in a registry."""


def judge_waste(size: int, facts: FactSet) -> Severity:
    """Severity of that many bytes wasted in the image that the facts describe."""
    weight = facts.find(ImageWeight)
    share = weight.share(size) if weight is not None else 0.0
    if size < NEGLIGIBLE:
        return Severity.INFO
    if size >= LARGE:
        return Severity.HIGH
    return Severity.MEDIUM if size >= CONSIDERABLE or share >= CONSIDERABLE_SHARE else Severity.LOW


def share_of_image(size: int, facts: FactSet) -> float:
    """Which part of the image that many bytes are."""
    weight = facts.find(ImageWeight)
    return weight.share(size) if weight is not None else 0.0
