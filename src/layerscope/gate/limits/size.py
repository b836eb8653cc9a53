"""`max-size`: the most bytes that an image may have."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from layerscope.gate.amounts import read_bytes
from layerscope.gate.limit import Breach, Limit, Measure
from layerscope.gate.setting import Setting
from layerscope.gate.subject import Subject
from layerscope.rules.wording import tell_layer, tell_size


@dataclass(frozen=True)
class MaxSize(Limit):
    """The bytes of all layers, uncompressed."""

    key: ClassVar[str] = "max-size"
    metavar: ClassVar[str] = "SIZE"
    explanation: ClassVar[str] = "Most bytes of an image's layers, uncompressed."

    most: int

    @classmethod
    def read(cls, setting: Setting) -> Self:
        """The limit that a setting says; raises SettingsError."""
        return cls(read_bytes(setting))

    def measure(self, subject: Subject) -> Iterator[Measure]:
        """Yield how large the image is."""
        is_kept = subject.size <= self.most
        yield Measure(self.key, tell_size(subject.size), f"{tell_size(self.most)} at most", is_kept)

    def check(self, subject: Subject) -> Iterator[Breach]:
        """Yield how large the image is, and its heaviest layer."""
        if subject.size > self.most:
            over = tell_size(subject.size - self.most)
            message = f"{tell_size(subject.size)} in all, {over} over {tell_size(self.most)}"
            yield Breach(self.key, message, tell_heaviest(subject))


def tell_heaviest(subject: Subject) -> str:
    """The layer with the most bytes, by its instruction."""
    read = [layer for layer in subject.result.layers if layer.scan is not None]
    heaviest = max(read, key=lambda layer: layer.scan.index.uncompressed_size if layer.scan else 0, default=None)
    if heaviest is None or heaviest.scan is None:
        return ""
    instruction = heaviest.step.instruction if heaviest.step else ""
    size = tell_size(heaviest.scan.index.uncompressed_size)
    return f"the heaviest is {tell_layer(heaviest.index, instruction)}, {size}"
