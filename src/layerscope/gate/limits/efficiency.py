"""`min-efficiency`: the least share of its bytes that an image must not waste, as dive counts it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from layerscope.gate.amounts import read_share
from layerscope.gate.limit import Breach, Limit, Measure
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

    def measure(self, subject: Subject) -> Iterator[Measure]:
        """Yield the score."""
        is_kept = subject.result.weight.efficiency >= self.least
        yield Measure(self.key, _tell_score(subject), f"{self.least * 100:g}% at least", is_kept)

    def check(self, subject: Subject) -> Iterator[Breach]:
        """Yield the score."""
        if subject.result.weight.efficiency < self.least:
            told = f"{_tell_score(subject)}, expected {self.least * 100:g}% at least"
            yield Breach(self.key, told, tell_most_wasted(subject))


def _tell_score(subject: Subject) -> str:
    """Cut, not rounded, so that 94.99% is not told to be below 95.0%."""
    return f"{int(subject.result.weight.efficiency * 10_000) / 100:g}%"
