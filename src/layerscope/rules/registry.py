"""Every rule, by family."""

from typing import Final

from layerscope.rules import config, cuda, elf, layers, probe, python, system
from layerscope.rules.rule import Rule

FAMILIES: Final[dict[str, tuple[Rule, ...]]] = {
    "LAY": layers.RULES,
    "SYS": system.RULES,
    "ELF": elf.RULES,
    "PY": python.RULES,
    "CUDA": cuda.RULES,
    "CONF": config.RULES,
    "PROBE": probe.RULES,
}
"""Families by the prefix of their codes."""

RULES: Final[tuple[Rule, ...]] = tuple(rule for family in FAMILIES.values() for rule in family)


def find_rule(handle: str) -> Rule | None:
    """The rule of that code or name, in any case."""
    wanted = handle.strip().lower()
    return next((rule for rule in RULES if wanted in (rule.code.lower(), rule.name())), None)
