"""Facts of a probe, as it gives them; tests change what they are about."""

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.probe.broken_stage import BrokenStage, Confirmed

WHOLE = Evidence()

BROKEN = BrokenStage(
    evidence=WHOLE,
    stage="decode",
    outcome="error",
    kind="error",
    title="stage decode fails",
    reason="RuntimeError: it is broken",
    consequences=("detokenize",),
)
"""A stage that raised an exception of its own."""

CONFIRMED = Confirmed("ELF001", "missing-library", (Evidence(2, "opt/app/lib.so"),))


def broken(stage: str = "decode", **changes: object) -> BrokenStage:
    """A stage that broke in another way."""
    return replace(BROKEN, stage=stage, **changes)
