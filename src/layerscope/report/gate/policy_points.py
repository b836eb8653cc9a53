"""What a check has to say beside findings, for formats that tell it one by one: of limits, images, and the policy."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from layerscope.diff.risk_kinds import RiskKind
from layerscope.gate.limits import LIMITS
from layerscope.gate.limits.forbidden_changes import ForbiddenChanges
from layerscope.gate.policy_places import FileLine
from layerscope.gate.suppression import Suppression
from layerscope.gate.verdict import Disposition, ImageVerdict, JudgedFinding, State
from layerscope.report.fingerprint import Fingerprint, hash_words
from layerscope.report.gate import words
from layerscope.report.gate.words import GateReport
from layerscope.report.places import tell_reference

LevelName = Literal["error", "warning"]

EXPIRED: Final = "expired-suppression"
UNUSED: Final = "unused-suppression"
DOCKERFILE: Final = "dockerfile"
UNLISTED: Final = "unlisted-dockerfile"
"""How breaches are called that no limit demands."""

STATES: Final = {State.ABSENT: "absent-image", State.DAMAGED: "damaged-image", State.UNFINISHED: "unchecked-image"}
"""What it is called that an image could not be judged."""

_NUMBERS: Final = re.compile(r"[0-9][0-9.,]*")


@dataclass(frozen=True)
class PolicyRule:
    """What such a point is an instance of: its id, and what it means."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class PolicyPoint:
    """One such point: of which rule and image (none for the policy itself), in words, and where a file demands it."""

    rule: str
    image: str
    told: tuple[str, ...]
    level: LevelName
    place: FileLine | None
    fingerprint: Fingerprint


@dataclass(frozen=True)
class Fingerprints:
    """Makes fingerprints that no two points of a report share, though two images have the same name but for a tag."""

    seen: Counter[str] = field(default_factory=Counter)

    def make(self, verdict: ImageVerdict | None, *words: str) -> Fingerprint:
        """The fingerprint of what is so of an image, the same with every tag that it has, or of the policy."""
        digest = hash_words((verdict.key or verdict.name) if verdict is not None else "", *words)
        self.seen[digest] += 1
        return Fingerprint(digest, self.seen[digest])


def name_rule(name: str) -> str:
    """The id of such a rule, which is that of no finding."""
    return f"check/{name}"


def list_rules() -> list[PolicyRule]:
    """Every rule that a point can be of, whatever the policy demands."""
    limits = [
        PolicyRule(name_rule(limit.key), f"The limit {limit.key} is broken", f"{limit.explanation} {limit.__doc__}")
        for limit in LIMITS
        if limit is not ForbiddenChanges
    ]
    came = f"It came since the image that against names. {ForbiddenChanges.__doc__}"
    changes = [PolicyRule(name_rule(kind), f"The change {kind} is forbidden", came) for kind in RiskKind]
    others = {
        STATES[State.ABSENT]: ("An image could not be had", "Nothing is known of an image that is not there."),
        STATES[State.DAMAGED]: ("An image is damaged", "Its bytes are not what its digests say, or cannot be read."),
        STATES[State.UNFINISHED]: ("An image could not be checked", "Not within the time limit, or not all of it."),
        DOCKERFILE: ("An image is not what its Dockerfile builds", "It was built from another state of the file."),
        UNLISTED: ("No image is built from a Dockerfile", "The policy names none, so that nothing was checked."),
        EXPIRED: ("A suppression has expired", "Somebody has to decide anew whether the project lives with that."),
        UNUSED: ("A suppression suppresses nothing", "What it was for is gone, so that it can go as well."),
    }
    return [*limits, *changes, *(PolicyRule(name_rule(name), *told) for name, told in others.items())]


def iter_points(report: GateReport, fingerprints: Fingerprints) -> Iterator[PolicyPoint]:
    """Every point: of the policy, then image by image."""
    for suppression in report.outcome.expired:
        yield _make_policy_point(EXPIRED, words.tell_expired(suppression), suppression, report, fingerprints)
    for suppression in report.outcome.unused:
        yield _make_policy_point(
            UNUSED, words.tell_unused(suppression, report.outcome), suppression, report, fingerprints
        )
    for verdict in report.outcome.verdicts:
        yield from _iter_image_points(report, verdict, fingerprints)


def _make_policy_point(
    name: str, told: str, suppression: Suppression, report: GateReport, fingerprints: Fingerprints
) -> PolicyPoint:
    parts = (suppression.rule, suppression.path, suppression.image, suppression.reason)
    return PolicyPoint(
        name_rule(name),
        "",
        (told,),
        "error" if name == EXPIRED else "warning",
        report.places.find_key(suppression.place),
        fingerprints.make(None, name, *parts),
    )


def _iter_image_points(report: GateReport, verdict: ImageVerdict, fingerprints: Fingerprints) -> Iterator[PolicyPoint]:
    name = tell_reference(verdict.name)
    if verdict.state in STATES and verdict.trouble:
        trouble = (f"{name} {words.tell_verdict(verdict)}", verdict.trouble)
        place = report.places.find_image(verdict.name)
        mark = fingerprints.make(verdict, STATES[verdict.state])
        yield PolicyPoint(name_rule(STATES[verdict.state]), verdict.name, trouble, "error", place, mark)
    for breach in words.iter_breaches(verdict):
        parts = tuple(part for part in (breach.message, breach.detail, breach.remedy) if part)
        mark = fingerprints.make(verdict, breach.limit, _NUMBERS.sub("#", breach.message))
        place = report.find_breach(verdict, breach)
        told = (f"{name}: {breach.limit}: {parts[0]}", *parts[1:])
        yield PolicyPoint(name_rule(breach.limit), verdict.name, told, "error", place, mark)


def list_counted(verdict: ImageVerdict, *dispositions: Disposition) -> list[JudgedFinding]:
    """The findings that count for one of these, in that order."""
    return [judged for disposition in dispositions for judged in verdict.select(disposition)]
