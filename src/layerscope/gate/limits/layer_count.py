"""`max-layers`: the most layers that an image may have."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from layerscope.gate.amounts import read_count
from layerscope.gate.limit import Breach, Limit, Measure
from layerscope.gate.setting import Setting
from layerscope.gate.subject import Subject
from layerscope.rules.wording import tell_count


@dataclass(frozen=True)
class MaxLayers(Limit):
    """All layers, the base image's included."""

    key: ClassVar[str] = "max-layers"
    metavar: ClassVar[str] = "N"
    explanation: ClassVar[str] = "Most layers of an image, its base's included."

    most: int

    @classmethod
    def read(cls, setting: Setting) -> Self:
        """The limit that a setting says; raises SettingsError."""
        return cls(read_count(setting))

    def measure(self, subject: Subject) -> Iterator[Measure]:
        """Yield how many there are."""
        count = len(subject.result.layers)
        yield Measure(self.key, f"{count:,}", f"{self.most:,} at most", count <= self.most)

    def check(self, subject: Subject) -> Iterator[Breach]:
        """Yield how many there are."""
        count = len(subject.result.layers)
        if count > self.most:
            base = subject.result.base_layers
            detail = f"{base} of them are the base image's" if base else ""
            yield Breach(self.key, f"{tell_count(count, 'layer')}, {count - self.most} over {self.most}", detail)
