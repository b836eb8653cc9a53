"""The plan holds each fix once, the one with the most effect first."""

import time

from msgspec.structs import replace

from layerscope.fixes.plan import Plan, plan_fixes
from layerscope.rules.fix import Fix
from layerscope.rules.severity import Severity
from support.results import make_finding


def test_the_worst_finding_is_cured_first() -> None:
    """A severe finding comes before one that merely wastes bytes."""
    planned = plan_fixes(
        [
            make_finding("LAY101", severity=Severity.LOW, wasted=10**9, fix="delete earlier"),
            make_finding("CONF002", severity=Severity.HIGH, fix="pass it at run time"),
        ]
    ).steps
    assert [step.fix.title for step in planned] == ["pass it at run time", "delete earlier"]


def test_of_equal_severity_the_larger_saving_comes_first() -> None:
    """Bytes decide where severity does not."""
    planned = plan_fixes(
        [
            make_finding("LAY101", wasted=1000, fix="small"),
            make_finding("LAY102", wasted=2000, fix="large"),
        ]
    ).steps
    assert [step.fix.title for step in planned] == ["large", "small"]


def test_of_equal_severity_what_ends_all_gpu_work_is_cured_first() -> None:
    """As the findings are listed."""
    ending = replace(make_finding("CUDA031", fix="leave it out"), ends_gpu_work=True)
    planned = plan_fixes([make_finding("CUDA004", fix="newer driver"), ending]).steps
    assert [step.fix.title for step in planned] == ["leave it out", "newer driver"]


def test_one_fix_for_several_findings_is_planned_once() -> None:
    """A fix that two findings share names both codes and adds up what it saves."""
    (step,) = plan_fixes(
        [
            make_finding("LAY104", wasted=5, fix="clean up"),
            make_finding("LAY101", wasted=7, severity=Severity.HIGH, fix="clean up"),
        ]
    ).steps
    assert (step.removes, step.saves, step.severity) == (("LAY101", "LAY104"), 12, Severity.HIGH)


def test_other_fixes_of_what_is_cured_are_alternatives() -> None:
    """Each once."""
    other = Fix("do without", ("RUN rm",))
    finding = make_finding("LAY104", fix="clean up")
    finding = replace(finding, fixes=(*finding.fixes, other))
    (step,) = plan_fixes([finding, replace(finding, code="LAY101")]).steps
    assert (step.fix.title, step.alternatives) == ("clean up", (other,))


def test_a_finding_without_a_fix_is_not_planned() -> None:
    """Nothing is invented."""
    finding = make_finding()
    assert plan_fixes([finding]) == Plan(uncured=(finding,))


def test_thousands_of_fixes_are_planned_in_a_moment() -> None:
    """Only those that can have to do with each other are compared: all with all would take minutes."""
    findings = [
        make_finding("PY001", fix=f"Install {number}", steps=[f"RUN pip install p{number}"]) for number in range(3000)
    ]
    start = time.process_time()
    assert len(plan_fixes(findings).steps) == len(findings)
    assert time.process_time() - start < 10
