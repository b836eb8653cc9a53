"""ImageVerdict: whether one image keeps to the policy, and everything that it rests on."""

from collections import Counter
from collections.abc import Iterable, Iterator
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
from layerscope.image.platform import Platform
from layerscope.rules.finding import Finding
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_layers
from layerscope.sources.identity import list_spellings


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
    accepted: Severity | None = None
    """How grave it was when it was accepted, where it is graver now."""

    def accept(self, baseline: Baseline, image: str) -> "JudgedFinding":
        """The finding, known where the baseline knows it and it is no graver than there; damage never is."""
        accepted = baseline.find(image, self.fingerprint)
        if accepted is None or self.is_excused or self.finding.code in INTEGRITY_CODES:
            return replace(self, accepted=None)
        if accepted.covers(self.finding):
            return replace(self, disposition=Disposition.KNOWN, accepted=None)
        return replace(self, accepted=accepted.severity)

    @property
    def is_excused(self) -> bool:
        """Whether somebody decided that it does not matter, so that it is no change that is forbidden either."""
        return self.disposition in {Disposition.KNOWN, Disposition.SUPPRESSED, Disposition.IGNORED}


@dataclass(frozen=True)
class Hindrance:
    """That an image cannot be compared: what became of the one to compare with, and how that came."""

    state: State
    trouble: str


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
    key: str = ""
    """The name by which a baseline knows the image."""
    hindrance: Hindrance | None = None
    """Why it could not be compared, where it was to be."""
    unchecked: tuple[Platform, ...] = ()
    """Platforms of an image that has several, for which it was not checked."""

    def select(self, disposition: Disposition) -> tuple[JudgedFinding, ...]:
        """The findings that count for that."""
        return tuple(each for each in self.findings if each.disposition is disposition)

    def accept(self, baseline: Baseline) -> "ImageVerdict":
        """The verdict once a baseline knows what it knows: no audit is made for that."""
        if self.subject is None or self.policy is None:
            return self
        findings = tuple(each.accept(baseline, self.key) for each in self.findings)
        subject = replace(self.subject, excused=tuple(each.finding for each in findings if each.is_excused))
        limits = self.policy.limits.values()
        breaches = tuple(breach for limit in limits for breach in limit.check(subject))
        measures = tuple(measure for limit in limits for measure in limit.measure(subject))
        is_broken = bool(breaches) or any(each.disposition is Disposition.FAILS for each in findings)
        state = min(_list_states(subject, self.hindrance, is_broken=is_broken), key=list(State).index)
        return replace(self, state=state, subject=subject, findings=findings, breaches=breaches, measures=measures)

    @property
    def is_whole(self) -> bool:
        """Whether all of the image was read, so that what is not found is not there."""
        return self.subject is not None and self.subject.result.is_whole and self.subject.result.is_intact

    @property
    def counts(self) -> Counter[Disposition]:
        """How many findings count for what."""
        return Counter(each.disposition for each in self.findings)


Fingerprinted = Iterable[tuple[Finding, str]]


def judge_subject(
    subject: Subject,
    policy: Policy,
    *,
    fingerprinted: Fingerprinted,
    baseline: Baseline,
    today: date,
    key: str = "",
    hindrance: Hindrance | None = None,
) -> ImageVerdict:
    """Whether an image keeps to the policy; findings come in the order of `fingerprinted`."""
    valid = [each for each in policy.suppressions if not each.is_expired(today)]
    names = list_spellings(subject.name)
    findings = []
    for finding, fingerprint in fingerprinted:
        suppression = next((each for each in valid if each.covers(finding, names)), None)
        disposition = Disposition.SUPPRESSED if suppression else _dispose(policy.levels.find_level(finding))
        findings.append(JudgedFinding(finding, disposition, fingerprint, suppression))
    verdict = ImageVerdict(
        subject.name, State.SOUND, subject, tuple(findings), trouble=_tell_trouble(subject, hindrance)
    )
    return replace(verdict, policy=policy, key=key or subject.name, hindrance=hindrance).accept(baseline)


def _tell_trouble(subject: Subject, hindrance: Hindrance | None) -> str:
    unread = [layer.index for layer in subject.result.layers if not layer.is_whole]
    parts = [hindrance.trouble] if hindrance is not None else []
    if unread and subject.result.is_intact:
        parts.append(f"{tell_layers(unread)} could not be read, so nothing is known of what is in there")
    return "; ".join(parts)


def _list_states(subject: Subject, hindrance: Hindrance | None, *, is_broken: bool) -> Iterator[State]:
    """Everything that an image is, of which the worst counts."""
    yield State.BROKEN if is_broken else State.SOUND
    if not subject.result.is_intact:
        yield State.DAMAGED
    elif not subject.result.is_whole:
        yield State.UNFINISHED
    if hindrance is not None:
        yield hindrance.state


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
