"""`max-growth`: the most bytes that an image may have more than the one it is compared with."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from layerscope.gate.amounts import Allowance
from layerscope.gate.limit import Breach, Limit, Measure
from layerscope.gate.setting import Setting
from layerscope.gate.subject import Subject, measure_size
from layerscope.rules.wording import tell_size


@dataclass(frozen=True)
class MaxGrowth(Limit):
    """The bytes of all layers, uncompressed, less those of the reference; or their share of those."""

    key: ClassVar[str] = "max-growth"
    metavar: ClassVar[str] = "SIZE|SHARE"
    explanation: ClassVar[str] = "Most bytes beyond those of the image that --against names: 200MB or 5%."
    needs_reference: ClassVar[bool] = True

    most: Allowance

    @classmethod
    def read(cls, setting: Setting) -> Self:
        """The limit that a setting says; raises SettingsError."""
        return cls(Allowance.read(setting))

    def measure(self, subject: Subject) -> Iterator[Measure]:
        """Yield how much came, or went."""
        if subject.reference is not None:
            before = measure_size(subject.reference)
            growth = subject.size - before
            found = f"{tell_size(abs(growth))} {'more' if growth >= 0 else 'less'}"
            is_kept = growth <= self.most.of(before)
            yield Measure(self.key, found, f"{self.most} at most", is_kept, f"against {subject.reference_name}")

    def check(self, subject: Subject) -> Iterator[Breach]:
        """Yield how much came, and what brought most of it."""
        if subject.reference is None or subject.difference is None:
            return
        before = measure_size(subject.reference)
        growth = subject.size - before
        if growth > self.most.of(before):
            share = f" ({growth / before:+.0%})" if before else ""
            message = f"{tell_size(growth)}{share} more than {subject.reference_name}, allowed are {self.most}"
            yield Breach(self.key, message, _tell_cause(subject))


def _tell_cause(subject: Subject) -> str:
    sizes = subject.difference.sizes if subject.difference else ()
    cause = next((each for each in sizes if each.growth > 0), None)
    if cause is None:
        return ""
    name, place = cause.cause.name, cause.cause.place
    told = f"/{place}" if name == place else f"{name} in /{place}"
    return f"most came with the {cause.cause.kind} {told}, {tell_size(cause.growth)}"
