"""Rules about CUDA: whether the image computes on a GPU, on which, and with which driver."""

from typing import Final

from layerscope.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = ()
"""In order of their codes."""
