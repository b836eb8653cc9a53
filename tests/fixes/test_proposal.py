"""What is asked for is planned as the whole plan has it."""

from msgspec.structs import replace

from layerscope.fixes.proposal import propose
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, Safety
from support.results import make_finding

LISTS = (1, "var/lib/apt/lists")


def make_safe(finding: Finding) -> Finding:
    """The same, with fixes that may be applied unread."""
    return replace(finding, fixes=tuple(replace(fix, safety=Safety.SAFE) for fix in finding.fixes))


CACHE = make_safe(make_finding("LAY104", (4, "root/.cache/pip"), fix="keep no cache", wasted=5))
LEFT = make_safe(make_finding("LAY104", LISTS, fix="remove lists", wasted=7))
STALE = make_finding("LAY202", (2, None), LISTS, fix="fetch where it installs")


OLD = make_finding("LAY201", (4, None), (5, None))
OLD = replace(OLD, fixes=(Fix("build it again", ("docker build --no-cache .",), Safety.SAFE, FixKind.REBUILD),))


def list_titles(findings: list[Finding], *codes: str, is_safe: bool = False) -> list[str]:
    """The titles of the steps that are proposed."""
    return [step.fix.title for step in propose(findings, codes=codes, is_safe=is_safe).plan.steps]


def test_without_a_wish_all_is_planned() -> None:
    """Nothing is withheld."""
    proposal = propose([CACHE, make_finding("CONF001")])
    assert (len(proposal.plan.steps), proposal.findings, proposal.withheld) == (1, 2, 0)
    assert [finding.code for finding in proposal.plan.uncured] == ["CONF001"]


def test_codes_choose_findings() -> None:
    """Others are neither planned nor counted."""
    assert list_titles([CACHE, STALE], "LAY104") == ["keep no cache"]
    assert propose([CACHE, STALE], codes=["LAY104"]).findings == 1


def test_a_chosen_finding_is_cured_as_in_the_whole_plan() -> None:
    """Removing the lists where they are fetched would leave the next step without them."""
    assert list_titles([LEFT, STALE], "LAY104") == ["fetch where it installs"]
    assert list_titles([LEFT], "LAY104") == ["remove lists"]


def test_safe_fixes_alone_are_planned_on_request() -> None:
    """What else was found is counted; a safe fix that is harmful beside what is wrong elsewhere is not planned."""
    proposal = propose([CACHE, LEFT, STALE], is_safe=True)
    assert [step.fix.title for step in proposal.plan.steps] == ["keep no cache"]
    assert (proposal.findings, proposal.withheld) == (3, 2)


def test_a_safe_alternative_is_taken_where_the_first_fix_is_none() -> None:
    """It is a fix like any other."""
    other = Fix("do without", (), Safety.SAFE)
    finding = make_finding("CONF009", fix="add one")
    assert list_titles([replace(finding, fixes=(*finding.fixes, other))], is_safe=True) == ["do without"]


def test_a_rebuild_that_was_asked_for_alone_is_planned_itself() -> None:
    """Nobody makes the edit, by which the whole plan builds the step anew."""
    assert list_titles([LEFT, OLD]) == ["remove lists"]
    assert list_titles([LEFT, OLD], "LAY201") == ["build it again"]
    assert list_titles([LEFT, OLD], "LAY201", "LAY104") == ["remove lists"]
