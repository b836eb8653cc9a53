"""When the build steps ran, and how new the files are that they left."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.times import to_datetime


class TimedStep(Struct, frozen=True):
    """A build step that made a layer: when its builder says it ran, and the time of the newest file in the layer.

    `starts_stage` marks the first step after one that set an entrypoint or command: images usually end with one, so the
    steps below are likely those of a base image.
    """

    layer: int
    created: datetime
    newest_file: datetime | None
    instruction: str
    starts_stage: bool


class BuildTimes(Fact, frozen=True):
    """The timed steps in order; `base_layers` is 0 where the base image is unknown."""

    steps: tuple[TimedStep, ...]
    base_layers: int


class BuildTimesCollector(Collector):
    """Pairs the history's times with the layers' files."""

    name = "layers.build-times"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the times of all steps that have one."""
        steps, starts_stage = [], False
        for step in context.steps:
            if step.empty:
                starts_stage = starts_stage or step.instruction.startswith(("CMD", "ENTRYPOINT"))
                continue
            if step.layer is not None and step.created is not None:
                newest = max(context.scans[step.layer].index.mtimes_ns, default=None)
                steps.append(
                    TimedStep(
                        layer=step.layer,
                        created=step.created,
                        newest_file=to_datetime(newest),
                        instruction=context.instruction(step.layer),
                        starts_stage=starts_stage,
                    )
                )
            starts_stage = False
        yield BuildTimes(Evidence(), tuple(steps), context.base_layers)
