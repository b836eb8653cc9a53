"""Probed: one probe with its verdict, or why there was none."""

from msgspec import Struct

from layerscope.facts.probe.live_libraries import LiveLibraries
from layerscope.probe.collect import ENDED
from layerscope.probe.isolation_warnings import IsolationWarning, find_isolation_warnings
from layerscope.probe.loader_trace import TracedLibrary
from layerscope.probe.observation import Observation
from layerscope.probe.variants import Trials
from layerscope.probe.verdict import Outcome, Verdict


class Probed(Struct, frozen=True):
    """What was seen and what it comes to; both are None where the probe could not run, and `refusal` says why."""

    seen: Observation | None = None
    verdict: Verdict | None = None
    refusal: str = ""
    requires_gpu: bool = False
    """Whether a generation anywhere but on a GPU proves nothing."""
    confirmed: tuple[str, ...] = ()
    """Codes of findings in the image's files that the probe confirms."""
    libraries: LiveLibraries | None = None
    """What was in memory; None where nothing told."""
    traced: tuple[TracedLibrary, ...] = ()
    """How the loader searched, where that was asked for."""
    trials: Trials | None = None
    """How closed the run was, and what an open one told beside it; None where layerscope did not start it."""

    @property
    def warnings(self) -> tuple[IsolationWarning, ...]:
        """What of the container's limits and surroundings breaks programs."""
        is_ours = self.trials is not None and self.trials.confinement is not None
        return find_isolation_warnings(self.seen, is_ours=is_ours) if self.seen is not None else ()

    @property
    def is_proof(self) -> bool:
        """Whether the probe answered what was asked: something generated, on a GPU if need be, or a stage broke."""
        if self.verdict is None or self.verdict.outcome is Outcome.UNPROVED or self.verdict.kind == ENDED:
            return False
        return not self.requires_gpu or self.verdict.device not in {"", "the CPU"}
