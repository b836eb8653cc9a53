"""Rules about Python: distributions, environments and what they require of each other."""

from typing import Final

from layerscope.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = ()
"""In order of their codes."""
