"""StageClock: the host's own hold on a stage, for a payload that has no processor left to look at its clock."""

import time
from collections.abc import Mapping
from typing import Any, Final

from layerscope.probe.collect import ObservationBuilder
from layerscope.probe.protocol import Hang
from layerscope.probe.spec import ProbeSpec, count_attempts

MARGIN: Final = 0.9
"""Seconds after a deadline in which the payload has to say that the stage hangs, and where; one that can took 0.5."""

PATIENCE: Final = 5.0
"""Seconds that it is given to end the stage once it has said so: it can go on with the next."""

LEFT_OUT: Final = frozenset({"", "start"})
"""Between stages, and while a container starts, which takes as long as its engine does."""


class StageClock:
    """Looks at which stage a run is in, and since when."""

    def __init__(
        self, spec: ProbeSpec, builder: ObservationBuilder, *, margin: float = MARGIN, patience: float = PATIENCE
    ) -> None:
        """Nothing has begun yet."""
        settings = spec.build_settings("")
        self._deadlines: Mapping[str, Any] = settings["deadlines"]  # type: ignore[assignment]
        self._attempts = count_attempts(spec.max_batch)
        self._builder, self._margin, self._patience = builder, margin, patience
        self._stage, self._since = "", time.monotonic()

    def cut(self) -> bool:
        """Whether the stage is past its hard deadline, and was told to hang: the run is to be ended."""
        now, stage = time.monotonic(), self._builder.current
        if stage != self._stage:
            self._stage, self._since = stage, now
        hard = self._deadlines.get(stage, self._deadlines["default"])[1] * (self._attempts if stage == "batch" else 1)
        is_told = self._builder.has_hung(stage)
        if stage in LEFT_OUT or now - self._since <= hard + (self._patience if is_told else self._margin):
            return False
        if not is_told:
            self._builder.add(Hang(now, stage, round(now - self._since, 3)))
        return True
