"""The build steps that the config records, beside the layers they made."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext, shorten_instruction
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.image.history import history_mismatch


class RecordedStep(Struct, frozen=True):
    """One build step, its instruction without secrets."""

    position: int
    layer: int | None
    created: datetime | None
    instruction: str


class BuildHistory(Fact, frozen=True):
    """Every recorded step in order; `mismatch` says how the history disagrees with the layers, if it does."""

    steps: tuple[RecordedStep, ...]
    layers: int
    mismatch: str | None


class BuildHistoryCollector(Collector):
    """Reads the config's history."""

    name = "config.build-history"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the history, and a gap where there is none."""
        layers = len(context.image.layers)
        steps = tuple(
            RecordedStep(step.position, step.layer, step.created, shorten_instruction(step.instruction))
            for step in context.steps
        )
        yield BuildHistory(Evidence(), steps, layers, history_mismatch(context.image.config, layers))
        if layers and not context.image.config.history:
            yield Gap(
                "build steps", "config", "the config records no history, so no layer can be traced to an instruction"
            )
