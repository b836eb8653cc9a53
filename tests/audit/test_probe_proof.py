"""Probes before and after a fix: what is worse is an objection, what is as bad or better is none."""

import pytest

from layerscope.audit.probe_proof import find_probe_objections
from layerscope.probe.observation import Observation
from layerscope.probe.probed import Probed
from layerscope.probe.verdict import Outcome, Verdict

GOOD = Verdict(Outcome.GENERATED, "it generates", device="the CPU")
ON_GPU = Verdict(Outcome.GENERATED, "it generates", device="NVIDIA H100")
UNPROVED = Verdict(Outcome.UNPROVED, "nothing generates")
LATE = Verdict(Outcome.EMPTY, "the text is empty", root="chat-16")
EARLY = Verdict(Outcome.ERROR, "imports fail", root="imports", reason="no module torch")
KILLED = Verdict(Outcome.HANG, "the probe did not end and was killed")


def judge(before: Verdict, after: Verdict) -> tuple[str, ...]:
    """The objections."""
    return find_probe_objections(Probed(Observation(()), before), Probed(Observation(()), after))


@pytest.mark.parametrize(
    ("before", "after"),
    [(GOOD, UNPROVED), (GOOD, LATE), (UNPROVED, LATE), (LATE, EARLY), (EARLY, KILLED), (ON_GPU, GOOD)],
)
def test_less_is_an_objection(before: Verdict, after: Verdict) -> None:
    """What was seen to work is not any more, a break comes earlier, or the GPU is left."""
    (objection,) = judge(before, after)
    assert objection.startswith("probed, the new image ")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (GOOD, GOOD),
        (GOOD, ON_GPU),
        (UNPROVED, GOOD),
        (EARLY, LATE),
        (LATE, LATE),
        (LATE, UNPROVED),
        (UNPROVED, UNPROVED),
    ],
)
def test_as_much_or_more_is_none(before: Verdict, after: Verdict) -> None:
    """A fault that the image had before is not the fix's."""
    assert judge(before, after) == ()


def test_the_objection_says_what_and_why() -> None:
    """With what was seen before."""
    assert judge(GOOD, EARLY) == (
        "probed, the new image does less: imports fail (no module torch); before: it generates",
    )
