"""Rules about the distribution, its packages, and the runtimes of other languages."""

from typing import Final

from layerscope.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = ()
"""In order of their codes."""
