"""`max-wasted`: the most bytes that an image may ship and no container see."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from layerscope.gate.amounts import Allowance
from layerscope.gate.limit import Breach, Limit, Measure
from layerscope.gate.setting import Setting
from layerscope.gate.subject import Subject
from layerscope.rules.wording import tell_layer, tell_share, tell_size


@dataclass(frozen=True)
class MaxWasted(Limit):
    """Bytes of files that later layers hide or remove; or their share of all bytes of files."""

    key: ClassVar[str] = "max-wasted"
    metavar: ClassVar[str] = "SIZE|SHARE"
    explanation: ClassVar[str] = "Most bytes that later layers hide or remove: 200MB, or 5% of all bytes of files."

    most: Allowance

    @classmethod
    def read(cls, setting: Setting) -> Self:
        """The limit that a setting says; raises SettingsError."""
        return cls(Allowance.read(setting))

    def measure(self, subject: Subject) -> Iterator[Measure]:
        """Yield how much is wasted."""
        weight = subject.result.weight
        share = f" ({tell_share(weight.wasted / weight.total)})" if weight.wasted else ""
        is_kept = weight.wasted <= self.most.of(weight.total)
        yield Measure(self.key, f"{tell_size(weight.wasted)}{share}", f"{self.most} at most", is_kept)

    def check(self, subject: Subject) -> Iterator[Breach]:
        """Yield how much is wasted, and where most of it lies."""
        weight = subject.result.weight
        if weight.wasted > self.most.of(weight.total):
            share = tell_share(weight.wasted / weight.total)
            message = f"{tell_size(weight.wasted)} ({share}) are shipped and not seen, allowed are {self.most}"
            yield Breach(self.key, message, tell_most_wasted(subject), "layerscope fix tells how to save them")


def tell_most_wasted(subject: Subject) -> str:
    """The layer in which most bytes lie that nobody sees."""
    layers = subject.result.weight.layers
    worst = max(range(len(layers)), key=lambda number: layers[number].wasted, default=None)
    if worst is None or not layers[worst].wasted:
        return ""
    step = subject.result.layers[worst].step
    told = tell_layer(worst, step.instruction if step else "")
    return f"most of it lies in {told}, {tell_size(layers[worst].wasted)}"
