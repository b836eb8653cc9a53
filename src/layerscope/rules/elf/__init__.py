"""Rules about ELF objects: what the dynamic loader will not find, or will find in the wrong place."""

from typing import Final

from layerscope.rules.elf.demanding_cpu import DemandingCpu
from layerscope.rules.elf.executable_stack import ExecutableStack
from layerscope.rules.elf.truncated_object import TruncatedObject
from layerscope.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    ExecutableStack(),
    DemandingCpu(),
    TruncatedObject(),
)
"""In order of their codes."""
