"""The plan: the fewest of the fixes that findings suggest, in order of effect, and what became of the others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from layerscope.fixes.conflicts import (
    find_base,
    is_exclusive,
    list_needs,
    list_offers,
    tell_excluded,
    tell_implied,
    tell_replaced,
)
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.order import ends_everything
from layerscope.rules.severity import Severity


@dataclass(frozen=True)
class PlannedFix:
    """A fix and the findings it removes: the worst first of those that suggest it, then what it cures beside them.

    `alternatives` are the other fixes of those that suggest it, that would do as well.
    """

    fix: Fix
    findings: tuple[Finding, ...]
    alternatives: tuple[Fix, ...] = ()

    @property
    def removes(self) -> tuple[str, ...]:
        """The codes of the findings."""
        return tuple(sorted({finding.code for finding in self.findings}))

    @property
    def severity(self) -> Severity:
        """The worst of their severities."""
        return max(finding.severity for finding in self.findings)

    @property
    def saves(self) -> int:
        """The bytes that the image would lose."""
        return sum(finding.wasted for finding in self.findings)

    @property
    def reason(self) -> str:
        """What the worst of the findings that suggest it says."""
        return self.findings[0].message


@dataclass(frozen=True)
class LeftOut:
    """A fix that is not planned since `instead` is, with the reason; its findings are cured all the same, or stay."""

    fix: Fix
    codes: tuple[str, ...]
    instead: Fix
    reason: str
    is_cured: bool


@dataclass(frozen=True)
class Plan:
    """What to do, in order of effect, what is left out of it, and the findings that no rule has a fix for."""

    steps: tuple[PlannedFix, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    uncured: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class _Choice:
    """The fix that was chosen for a finding."""

    finding: Finding
    fix: Fix


def plan_fixes(findings: Iterable[Finding], *, base_layers: int = 0) -> Plan:
    """Return the plan, the worst cured first, then the most saved; each fix and each finding stands in it once.

    Of equal severity, what cures a finding that ends all GPU work leads. Of a finding's fixes, one that is planned
    anyway is taken, else the first that nothing excludes. The lowest `base_layers` are known to be the base image's.
    """
    ordered = sorted(findings, key=_rank)
    choices, excluded = _choose(ordered)
    choices, replaced = _leave_out_replaced(choices, base_layers)
    groups = _group(choices)
    implied = _absorb(groups)
    steps = [_plan(fix, group) for fix, group in groups.items() if group]
    return Plan(
        steps=tuple(sorted(steps, key=_rank_step)),
        left_out=tuple(_settle(each, implied) for each in (*implied.values(), *excluded, *replaced)),
        uncured=tuple(finding for finding in ordered if not finding.fixes),
    )


def _rank_step(step: PlannedFix) -> tuple[int, bool, int, tuple[str, ...], str]:
    leads = any(map(ends_everything, step.findings))
    return -step.severity, not leads, -step.saves, step.removes, step.fix.title


def _rank(finding: Finding) -> tuple[int, bool, int, str, str]:
    return -finding.severity, not ends_everything(finding), -finding.wasted, finding.code, finding.message


def _choose(findings: Sequence[Finding]) -> tuple[list[_Choice], list[LeftOut]]:
    """A fix for each finding, and those that what is chosen before excludes."""
    needed = {finding.fixes[0] for finding in findings if len(finding.fixes) == 1}
    taken: set[Fix] = set()
    rivals: dict[Fix, None] = {}
    choices: list[_Choice] = []
    excluded: dict[tuple[Fix, Fix, str], list[str]] = {}
    for finding in findings:
        fixes = sorted(finding.fixes, key=lambda fix: (fix not in taken, fix not in needed))
        against = {fix: _find_excluding(rivals, fix) for fix in fixes}
        fix = next((fix for fix in fixes if against[fix] is None), None)
        if fix is not None:
            taken.add(fix)
            rivals |= {fix: None} if is_exclusive(fix) else {}
            choices.append(_Choice(finding, fix))
        elif fixes:
            first = against[finding.fixes[0]]
            assert first is not None
            excluded.setdefault((finding.fixes[0], *first), []).append(finding.code)
    return choices, [
        LeftOut(fix, tuple(sorted(set(codes))), instead, reason, is_cured=False)
        for (fix, instead, reason), codes in excluded.items()
    ]


def _leave_out_replaced(choices: Sequence[_Choice], base_layers: int) -> tuple[list[_Choice], list[LeftOut]]:
    """The choices without those about a base image that another choice replaces, and those."""
    planned = next((choice.fix for choice in choices if find_base(choice.fix)), None)
    if planned is None:
        return list(choices), []
    reasons = {each: tell_replaced(planned, each.finding, base_layers=base_layers) for each in choices}
    return [each for each in choices if not reasons[each]], [
        LeftOut(each.fix, (each.finding.code,), planned, reason, is_cured=False)
        for each, reason in reasons.items()
        if reason
    ]


def _find_excluding(rivals: Iterable[Fix], fix: Fix) -> tuple[Fix, str] | None:
    """The fix, of those that exclude others, beside which this one cannot be taken, and why."""
    others = (other for other in rivals if other != fix) if is_exclusive(fix) else ()
    reasons = ((other, tell_excluded(other, fix)) for other in others)
    return next(((other, reason) for other, reason in reasons if reason), None)


def _group(choices: Iterable[_Choice]) -> dict[Fix, list[_Choice]]:
    """The choices by fix."""
    groups: dict[Fix, list[_Choice]] = {}
    for choice in choices:
        groups.setdefault(choice.fix, []).append(choice)
    return groups


def _absorb(groups: dict[Fix, list[_Choice]]) -> dict[Fix, LeftOut]:
    """Move each finding to a fix that cures it anyway; returns the fixes that nothing needs any more.

    A fix that stays keeps what it was found to cure beside its own.
    """
    left_out: dict[Fix, LeftOut] = {}
    meeting = _list_meetings(groups)
    for fix, group in groups.items():
        for other in meeting[fix] if fix not in left_out else ():
            members = groups[other]
            moved = _find_implied(fix, group, members)
            own = [choice for choice in members if choice.fix == other]
            if own and len(moved) == len(members):
                codes = tuple(sorted({choice.finding.code for choice in own}))
                left_out[other] = LeftOut(other, codes, fix, moved[own[0]], is_cured=True)
            elif all(choice in moved for choice in own):
                continue
            else:
                moved = {choice: reason for choice, reason in moved.items() if choice.fix == other}
            group.extend(moved)
            members[:] = [choice for choice in members if choice not in moved]
    return left_out


def _list_meetings(groups: Mapping[Fix, Sequence[_Choice]]) -> dict[Fix, list[Fix]]:
    """For each fix, those that it may make needless."""
    codes = {fix: {choice.finding.code for choice in group} for fix, group in groups.items()}
    needing: dict[str, list[Fix]] = {}
    for fix in groups:
        for word in list_needs(fix, codes[fix]):
            needing.setdefault(word, []).append(fix)
    offers = {fix: sorted(list_offers(fix, codes[fix])) for fix in groups}
    return {
        fix: list(dict.fromkeys(other for word in words for other in needing.get(word, ()) if other != fix))
        for fix, words in offers.items()
    }


def _find_implied(fix: Fix, group: Sequence[_Choice], members: Iterable[_Choice]) -> dict[_Choice, str]:
    """What of another fix's findings a fix cures beside its own, and why."""
    cured = [choice.finding for choice in group]
    reasons = ((each, tell_implied(fix, cured, each.fix, each.finding)) for each in members)
    return {choice: reason for choice, reason in reasons if reason}


def _settle(each: LeftOut, implied: Mapping[Fix, LeftOut]) -> LeftOut:
    """The same with a fix in the plan, where what it was left out for was itself left out later."""
    instead = each.instead
    while instead in implied:
        instead = implied[instead].instead
    return replace(each, instead=instead)


def _plan(fix: Fix, group: Sequence[_Choice]) -> PlannedFix:
    """A step of the plan."""
    ordered = sorted(group, key=lambda choice: (choice.fix != fix, _rank(choice.finding)))
    own = [choice.finding for choice in group if choice.fix == fix]
    others = dict.fromkeys(other for finding in own for other in finding.fixes if other != fix)
    return PlannedFix(fix, tuple(choice.finding for choice in ordered), tuple(others))
