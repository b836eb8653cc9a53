"""Rules about ELF objects: what the dynamic loader will not find, or will find in the wrong place."""

from typing import Final

from layerscope.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = ()
"""In order of their codes."""
