"""ImageVerdict: whether one image keeps to the policy, and everything that it rests on."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from layerscope.audit.result import INTEGRITY_CODES
from layerscope.gate import rule_levels
from layerscope.gate.baseline import Baseline
from layerscope.gate.limit import Breach, Measure
from layerscope.gate.policy import Policy
from layerscope.gate.subject import Subject
from layerscope.gate.suppression import Suppression
from layerscope.rules.finding import Finding
from layerscope.rules.wording import tell_layers


class State(StrEnum):
    """What became of the check of an image, the worst first."""

    DAMAGED = "damaged"
    ABSENT = "absent"
    UNFINISHED = "unfinished"
    BROKEN = "broken"
    SOUND = "sound"
    SKIPPED = "skipped"
    """There is no such image, and the policy does not ask for it."""


class Disposition(StrEnum):
    """What a finding counts for."""

    FAILS = "fails"
    WARNS = "warns"
    KNOWN = "known"
    """It is in the baseline."""
    SUPPRESSED = "suppressed"
    IGNORED = "ignored"
    """Its rule is."""
    BELOW = "below"
    """Its severity is less than what fails."""


@dataclass(frozen=True)
class JudgedFinding:
    """A finding, what it counts for, its fingerprint, and what suppresses it."""

    finding: Finding
    disposition: Disposition
    fingerprint: str
    suppression: Suppression | None = None

    def accept(self, baseline: Baseline, image: str) -> "JudgedFinding":
        """The finding, known where the baseline knows it and it would be told else; damage never is."""
        is_told = self.disposition in {Disposition.FAILS, Disposition.WARNS}
        if is_told and self.finding.code not in INTEGRITY_CODES and baseline.knows(image, self.fingerprint):
            return replace(self, disposition=Disposition.KNOWN)
        return self


@dataclass(frozen=True)
class ImageVerdict:
    """The verdict on an image; `trouble` says what stood in the way of it."""

    name: str
    state: State
    subject: Subject | None = None
    findings: tuple[JudgedFinding, ...] = ()
    breaches: tuple[Breach, ...] = ()
    trouble: str = ""
    measures: tuple[Measure, ...] = ()
    policy: Policy | None = None
    """What was demanded of it."""
    is_out_of_time: bool = False
    """Whether it is unfinished because the time was over."""

    def select(self, disposition: Disposition) -> tuple[JudgedFinding, ...]:
        """The findings that count for that."""
        return tuple(each for each in self.findings if each.disposition is disposition)

    def accept(self, baseline: Baseline) -> "ImageVerdict":
        """The verdict once a baseline knows what it knows: no audit is made for that."""
        findings = tuple(each.accept(baseline, self.name) for each in self.findings)
        is_broken = bool(self.breaches) or any(each.disposition is Disposition.FAILS for each in findings)
        if self.state is not State.BROKEN or is_broken:
            return replace(self, findings=findings)
        return replace(self, findings=findings, state=State.UNFINISHED if self.trouble else State.SOUND)

    @property
    def counts(self) -> Counter[Disposition]:
        """How many findings count for what."""
        return Counter(each.disposition for each in self.findings)


Fingerprinted = Iterable[tuple[Finding, str]]


def judge_subject(
    subject: Subject, policy: Policy, *, fingerprinted: Fingerprinted, baseline: Baseline, today: date
) -> ImageVerdict:
    """Whether an image keeps to the policy; findings come in the order of `fingerprinted`."""
    valid = [each for each in policy.suppressions if not each.is_expired(today)]
    findings = []
    for finding, fingerprint in fingerprinted:
        suppression = next((each for each in valid if each.covers(finding, subject.name)), None)
        disposition = Disposition.SUPPRESSED if suppression else _dispose(policy.levels.find_level(finding))
        findings.append(JudgedFinding(finding, disposition, fingerprint, suppression))
    breaches = tuple(breach for limit in policy.limits.values() for breach in limit.check(subject))
    unread = [layer.index for layer in subject.result.layers if not layer.is_whole]
    trouble = ""
    if not subject.result.is_intact:
        state = State.DAMAGED
    elif breaches or any(each.disposition is Disposition.FAILS for each in findings):
        state = State.BROKEN
    else:
        state = State.UNFINISHED if unread else State.SOUND
    if unread and subject.result.is_intact:
        trouble = f"{tell_layers(unread)} could not be read, so nothing is known of what is in there"
    verdict = ImageVerdict(subject.name, state, subject, tuple(findings), breaches, trouble)
    measures = tuple(measure for limit in policy.limits.values() for measure in limit.measure(subject))
    return replace(verdict, measures=measures, policy=policy).accept(baseline)


def _dispose(level: str | None) -> Disposition:
    """What a finding of that level counts for."""
    match level:
        case None:
            return Disposition.BELOW
        case rule_levels.IGNORE:
            return Disposition.IGNORED
        case rule_levels.WARN:
            return Disposition.WARNS
        case _:
            return Disposition.FAILS
