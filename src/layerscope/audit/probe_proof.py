"""Probes of an image and of the one that was made of it, compared: whether the new one does less."""

from typing import Final

from layerscope.probe.observation import STAGES
from layerscope.probe.probed import Probed
from layerscope.probe.verdict import Outcome, Verdict

GOOD, UNPROVED, BROKEN = 2, 1, 0
"""What a verdict comes to, the best highest."""

CPU: Final = "the CPU"


def find_probe_objections(before: Probed, after: Probed) -> tuple[str, ...]:
    """Why the new image is worse: less was seen to work, it breaks at an earlier stage, or it left the GPU."""
    assert before.verdict is not None, "a probe that was refused has raised"
    assert after.verdict is not None, "a probe that was refused has raised"
    old, new = before.verdict, after.verdict
    if _rank(new) < _rank(old) or (_rank(new) == _rank(old) == BROKEN and _place(new) < _place(old)):
        why = f" ({new.reason})" if new.reason else ""
        return (f"probed, the new image does less: {new.title}{why}; before: {old.title}",)
    if new.device == CPU and old.device not in {"", CPU}:
        return (f"probed, the new image generates on the CPU; before: on {old.device}",)
    return ()


def _rank(verdict: Verdict) -> int:
    if verdict.is_good:
        return GOOD
    return UNPROVED if verdict.outcome is Outcome.UNPROVED and not verdict.root else BROKEN


def _place(verdict: Verdict) -> int:
    """Where it broke among the stages; what has no stage did not come as far as the first."""
    return STAGES.index(verdict.root) if verdict.root in STAGES else -1
