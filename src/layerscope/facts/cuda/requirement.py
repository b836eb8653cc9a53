"""NVIDIA_REQUIRE_CUDA and its kin: what they demand of a host, as the NVIDIA runtime reads them.

https://github.com/NVIDIA/nvidia-container-toolkit/tree/main/internal/requirements
"""

import re
from typing import Final

from msgspec import Struct

from layerscope.facts.cuda.releases import numbers

ALTERNATIVE_LIMIT: Final = 256
"""Alternatives of one requirement; NVIDIA's longest has about forty."""

_CONDITION: Final = re.compile(r"([a-z]+)(!=|<=|>=|=|<|>)([\w.+-]+)")


class Condition(Struct, frozen=True):
    """One demand: property (`cuda`, `driver`, `arch`, `brand`), operator, and value."""

    subject: str
    operator: str
    value: str


class Requirement(Struct, frozen=True):
    """One variable: any of its alternatives has to hold, and of an alternative all conditions.

    `odd` are the words that do not read as a condition; the runtime refuses to start a container that has any.
    """

    variable: str
    text: str
    alternatives: tuple[tuple[Condition, ...], ...]
    odd: tuple[str, ...]
    is_implied: bool = False
    """Whether the runtime makes it up for an image that sets CUDA_VERSION alone."""

    @property
    def cuda_floor(self) -> str:
        """The lowest CUDA version of a driver that every GPU may come with; empty where none is demanded."""
        floors = [
            condition.value
            for alternative in self.alternatives
            for condition in alternative
            if condition.subject == "cuda" and condition.operator in {">=", "=", ">"}
            if not any(other.subject in {"brand", "driver"} for other in alternative)
        ]
        return min(floors, key=numbers, default="")


def parse_requirement(variable: str, text: str, *, is_implied: bool = False) -> Requirement:
    """The requirement that a variable's text spells: blanks between alternatives, commas between conditions."""
    alternatives, odd = [], []
    for words in text.split()[:ALTERNATIVE_LIMIT]:
        conditions = []
        for word in filter(None, words.split(",")):
            match = _CONDITION.fullmatch(word)
            if match is None:
                odd.append(word[:80])
            else:
                conditions.append(Condition(match[1], match[2], match[3]))
        if conditions:
            alternatives.append(tuple(conditions))
    return Requirement(variable, text[:2000], tuple(alternatives), tuple(odd), is_implied)
