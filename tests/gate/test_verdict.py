"""A verdict is no better than what is known of the image."""

from collections.abc import Sequence
from datetime import date

import pytest

from layerscope.gate.baseline import Accepted, Baseline
from layerscope.gate.policy import DEFAULTS, Policy, make_policy
from layerscope.gate.setting import Setting
from layerscope.gate.subject import Subject
from layerscope.gate.verdict import Disposition, ImageVerdict, State, judge_subject
from layerscope.rules.finding import Finding
from layerscope.rules.severity import Severity
from support.results import ResultRecipe, make_finding, make_result
from support.tar_writer import file

LAYERS = ([file("opt/a", b"x" * 100)], [file("opt/b", b"y" * 100)])
SECRET = make_finding("CONF011", (0, "app/.netrc"), rule="secret-in-layer", severity=Severity.HIGH)
DAMAGE = make_finding("LAY001", (0, None), rule="blob-digest-mismatch", severity=Severity.CRITICAL)


def read(**said: object) -> Policy:
    """A policy of these values."""
    return make_policy(
        {key: Setting(key, said.get(key.replace("-", "_"), default)) for key, default in DEFAULTS.items()}
    )


def judge(
    *findings: Finding, policy: Policy | None = None, absent: Sequence[int] = (), baseline: Baseline | None = None
) -> ImageVerdict:
    """The verdict on an image with two layers; findings have their codes as fingerprints."""
    result = make_result(ResultRecipe(layers=LAYERS, findings=findings, absent=frozenset(absent)))
    return judge_subject(
        Subject("team/llm:dev", result),
        policy or read(),
        fingerprinted=[(finding, finding.code) for finding in findings],
        baseline=baseline or Baseline(),
        today=date(2026, 12, 1),
    )


@pytest.mark.parametrize(
    ("findings", "state"), [((), State.SOUND), ((SECRET,), State.BROKEN), ((SECRET, DAMAGE), State.DAMAGED)]
)
def test_the_worst_decides(findings: tuple[Finding, ...], state: State) -> None:
    """Damage over a finding that fails, that over nothing."""
    assert judge(*findings).state is state


def test_a_layer_that_could_not_be_read_is_no_success() -> None:
    """Whatever lies in there was not checked; what breaks already is told all the same."""
    verdict = judge(absent=[1])
    assert (verdict.state, "layer 1 could not be read" in verdict.trouble) == (State.UNFINISHED, True)
    broken = judge(SECRET, absent=[1])
    assert (broken.state, broken.counts[Disposition.FAILS]) == (State.UNFINISHED, 1)


def test_a_baseline_makes_a_finding_known_and_nothing_else() -> None:
    """A limit that is broken is no finding, and damage is never accepted."""
    known = Baseline({"team/llm:dev": {code: Accepted("x", Severity.CRITICAL) for code in ("CONF011", "LAY001")}})
    verdict = judge(SECRET, baseline=known)
    assert (verdict.state, verdict.counts[Disposition.KNOWN]) == (State.SOUND, 1)
    assert judge(SECRET, baseline=known, policy=read(max_layers=1)).state is State.BROKEN
    damaged = judge(DAMAGE, baseline=known)
    assert (damaged.state, damaged.counts[Disposition.FAILS]) == (State.DAMAGED, 1)
    assert judge(SECRET, baseline=known, absent=[0]).state is State.UNFINISHED


def test_what_is_suppressed_has_its_reason() -> None:
    """Even where the rule is ignored as well, so that the suppression is not taken for a needless one."""
    policy = read(rules={"CONF": "ignore"}, suppress=[{"rule": "CONF011", "reason": "revoked"}])
    (judged,) = judge(SECRET, policy=policy).findings
    assert (judged.disposition, judged.suppression is not None) == (Disposition.SUPPRESSED, True)
