"""`min-efficiency`: the least share of its bytes that an image must not waste, as dive counts it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from layerscope.gate.amounts import read_share
from layerscope.gate.limit import Breach, Limit
from layerscope.gate.limits.waste import tell_most_wasted
from layerscope.gate.setting import Setting
from layerscope.gate.subject import Subject


@dataclass(frozen=True)
class MinEfficiency(Limit):
    """dive's score, so that a limit that a project has already stays what it was."""

    key: ClassVar[str] = "min-efficiency"
    metavar: ClassVar[str] = "SHARE"
    explanation: ClassVar[str] = "Least efficiency, as dive counts it: 95%."

    least: float

    @classmethod
    def read(cls, setting: Setting) -> Self:
        """The limit that a setting says; raises SettingsError."""
        return cls(read_share(setting))

    def check(self, subject: Subject) -> Iterator[Breach]:
        """Yield the score."""
        score = subject.result.weight.efficiency
        if score < self.least:
            # Cut, not rounded, so that 94.99% is not told to be below 95.0%.
            told = int(score * 10_000) / 100
            yield Breach(self.key, f"{told:g}%, expected {self.least * 100:g}% at least", tell_most_wasted(subject))
