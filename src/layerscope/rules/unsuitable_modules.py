"""Wheels and extension modules that do not suit an environment for one reason, by the layer that brought them."""

from collections.abc import Iterator
from dataclasses import dataclass

from layerscope.facts.fact import Evidence
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.extensions import UnloadableExtensions
from layerscope.facts.python.wheel_tags import UnsuitableWheel
from layerscope.rules.python_cures import is_active
from layerscope.rules.severity import Severity


@dataclass(frozen=True)
class UnsuitableGroup:
    """What one layer put into one environment: names with their tags, the places, and the instruction.

    `is_sure` says that modules of the environment in use will not be found, whatever tags say.
    """

    place: str
    layer: int
    named: dict[str, str]
    evidence: tuple[Evidence, ...]
    instruction: str
    is_sure: bool

    @property
    def concerns(self) -> tuple[str, ...]:
        """The packages that cannot be used, by their paths."""
        return tuple(f"{self.place}/{name.partition(' ')[0]}" for name in self.named)

    def judge(self, severity: Severity) -> Severity:
        """That severity, or critical where nothing is left to doubt."""
        return Severity.CRITICAL if self.is_sure else severity


def iter_unsuitable(facts: FactSet, reason: str, *, modules_first: bool = False) -> Iterator[UnsuitableGroup]:
    """The groups of that reason, by environment and layer; what comes first in a group gives its name's tag."""
    wheels = [
        ((each.environment, each.layer), (f"{each.name} {each.version}", each.tag, each.evidence, each.instruction))
        for each in facts.of(UnsuitableWheel)
        if each.reason == reason
    ]
    modules = [
        ((each.environment, each.layer), (each.distribution or each.package, each.tag, each.evidence, each.instruction))
        for each in facts.of(UnloadableExtensions)
        if each.reason == reason
    ]
    found: dict[tuple[str, int], list[tuple[str, str, Evidence, str]]] = {}
    for key, told in (*modules, *wheels) if modules_first else (*wheels, *modules):
        found.setdefault(key, []).append(told)
    sure = {key for key, _ in modules}
    for (place, layer), items in sorted(found.items(), key=lambda group: group[0]):
        yield UnsuitableGroup(
            place=place,
            layer=layer,
            named={name: tag for name, tag, _, _ in reversed(items)},
            evidence=tuple(item[2] for item in items),
            instruction=items[0][3],
            is_sure=(place, layer) in sure and is_active(facts, place),
        )
