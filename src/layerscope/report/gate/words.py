"""A check in words that its formats share."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from layerscope.gate.limit import Breach
from layerscope.gate.outcome import GateOutcome
from layerscope.gate.policy_places import FileLine, PolicyPlaces
from layerscope.gate.subject import Subject
from layerscope.gate.suppression import Suppression
from layerscope.gate.verdict import Disposition, ImageVerdict, JudgedFinding, State
from layerscope.report.escape import escape_text
from layerscope.report.finding_words import list_layers, list_paths
from layerscope.report.instruction_lines import InstructionLines
from layerscope.report.places import is_layer_named
from layerscope.rules.finding import Finding
from layerscope.rules.wording import tell_count, tell_list
from layerscope.sources.bare_name import REGISTRY
from layerscope.sources.schemes import split_scheme

SHOWN_IMAGES: Final = 3
SHOWN_PATHS: Final = 3
"""Paths of a finding that are named."""

FROM_AFAR: Final = "read from its registry: no engine here has it"
"""What is said of an image that is perhaps another one than the one of that name that was built here."""

_COUNTED: Final = {
    Disposition.WARNS: "warned of",
    Disposition.KNOWN: "accepted earlier",
    Disposition.SUPPRESSED: "suppressed",
    Disposition.IGNORED: "ignored",
}
"""What is counted though it does not fail; what lies below the threshold is not."""


@dataclass(frozen=True)
class GateReport:
    """What a check found out, by image the Dockerfile that it was built from, where known, and the policy's lines."""

    outcome: GateOutcome
    lines: Mapping[str, InstructionLines] = field(default_factory=dict)
    places: PolicyPlaces = field(default_factory=PolicyPlaces)

    def find_line(self, verdict: ImageVerdict, finding: Finding) -> str:
        """The line of the Dockerfile that answers for a finding, as `Dockerfile:12`; empty where none is known."""
        lines = self.lines.get(verdict.name)
        found = lines.find_lines(finding) if lines is not None else None
        return f"{lines.name}:{found.first}" if lines is not None and found is not None else ""

    def find_breach(self, verdict: ImageVerdict, breach: Breach) -> FileLine | None:
        """The line of the Dockerfile that a breach is about, else the line that demands what it breaks."""
        return self._find_built(verdict, breach) or self.places.find_limit(verdict.name, breach.limit)

    def is_demanded(self, verdict: ImageVerdict, breach: Breach) -> bool:
        """Whether the place of a breach is where it is demanded."""
        return self._find_built(verdict, breach) is None

    def _find_built(self, verdict: ImageVerdict, breach: Breach) -> FileLine | None:
        path = self.places.dockerfiles.get(verdict.name)
        if breach.line and path is not None:
            return FileLine(path, breach.line)
        lines = self.lines.get(verdict.name)
        found = lines.find_lines(breach.finding) if lines is not None and breach.finding is not None else None
        return FileLine(lines.name, found.first) if lines is not None and found is not None else None


def tell_summary(outcome: GateOutcome) -> str:
    """The outcome in one sentence."""
    states = [verdict.state for verdict in outcome.verdicts if not _is_uncompared(verdict)]
    parts = []
    for state, one, many in (
        (State.BROKEN, "breaks the policy", "break the policy"),
        (State.DAMAGED, "is damaged", "are damaged"),
        (State.ABSENT, "could not be had", "could not be had"),
        (State.UNFINISHED, "could not be checked", "could not be checked"),
    ):
        count = states.count(state)
        if count:
            parts.append(f"{_count_images(count, outcome)} {one if count == 1 else many}")
    uncompared = len(outcome.verdicts) - len(states)
    if uncompared:
        parts.append(f"{_count_images(uncompared, outcome)} could not be compared")
    if outcome.expired:
        parts.append(f"{tell_count(len(outcome.expired), 'suppression')} expired")
    if parts:
        return ", ".join(parts)
    if not states:
        return "no image was checked"
    if all(state is State.SKIPPED for state in states):
        return "no image was checked: every one was left out"
    return _tell_sound(states.count(State.SOUND), states.count(State.SKIPPED))


def _count_images(count: int, outcome: GateOutcome) -> str:
    total = len(outcome.verdicts)
    return "the image" if total == 1 else f"{count:,} of {tell_count(total, 'image')}"


def _is_uncompared(verdict: ImageVerdict) -> bool:
    """Whether nothing worse is known of an image than that it could not be compared."""
    return verdict.hindrance is not None and verdict.hindrance.state is verdict.state


def _tell_sound(count: int, skipped: int) -> str:
    if skipped:
        kept = f"{tell_count(count, 'image')} {'keeps' if count == 1 else 'keep'} to the policy"
        return f"{kept}, {skipped:,} {'was' if skipped == 1 else 'were'} left out"
    return "the image keeps to the policy" if count == 1 else f"all {count:,} images keep to the policy"


def tell_verdict(verdict: ImageVerdict) -> str:
    """The verdict on an image in a few words."""
    failing = len(verdict.breaches) + verdict.counts[Disposition.FAILS]
    broken = f"breaks the policy in {tell_count(failing, 'point')}" if failing else ""
    if _is_uncompared(verdict):
        return f"{broken}, and could not be compared" if broken else "could not be compared"
    match verdict.state:
        case State.SOUND:
            return "keeps to the policy"
        case State.BROKEN:
            return broken
        case State.DAMAGED:
            return "is damaged"
        case State.ABSENT:
            return "could not be had"
        case State.UNFINISHED:
            return f"{broken}, and could not be checked whole" if broken else "could not be checked"
        case State.SKIPPED:
            return "was left out"


def tell_counts(verdict: ImageVerdict) -> str:
    """What was found and does not fail, by why; which platform was checked; and where the image was read from."""
    parts = [f"{verdict.counts[each]:,} {words}" for each, words in _COUNTED.items() if verdict.counts[each]]
    if verdict.subject is not None and verdict.subject.result.ignored:
        parts.append(f"{verdict.subject.result.ignored:,} in the base image left out")
    if verdict.subject is not None and verdict.subject.platforms:
        parts.append(_tell_platform(verdict, verdict.subject))
    if is_from_afar(verdict):
        parts.append(FROM_AFAR)
    return ", ".join(parts)


def _tell_platform(verdict: ImageVerdict, subject: Subject) -> str:
    """The platform that was checked of an image that has several, and how many others were not."""
    count = len(verdict.unchecked)
    others = "another platform" if count == 1 else f"{count:,} other platforms"
    return f"{subject.platform}" + (f"; {others} not checked" if count else "")


def is_from_afar(verdict: ImageVerdict) -> bool:
    """Whether an image is its registry's, though its name does not say that."""
    if verdict.subject is None or split_scheme(verdict.name)[0]:
        return False
    return verdict.subject.result.image.source.startswith(REGISTRY)


def tell_severity(judged: JudgedFinding) -> str:
    """How grave a finding is, and what it was when it was accepted, where it is graver now."""
    finding = judged.finding
    return (
        f"{finding.severity}, accepted as {judged.accepted}" if judged.accepted is not None else str(finding.severity)
    )


def list_places(report: GateReport, verdict: ImageVerdict, finding: Finding) -> Iterator[str]:
    """Where a finding lies: the line of the Dockerfile or the layers, and paths that its message does not name."""
    assert verdict.subject is not None, "a finding comes from an image that was audited"
    line = report.find_line(verdict, finding)
    numbers = dict.fromkeys(place.layer for place in finding.locations if place.layer is not None)
    told = zip(numbers, list_layers(finding, verdict.subject.result), strict=True)
    layers = [layer for number, layer in told if not is_layer_named(number, finding.message)]
    if layers:
        more = f" and {tell_count(len(layers) - 1, 'more layer')}" if len(layers) > 1 else ""
        yield f"{layers[0]}{more}" + (f"  ({line})" if line else "")
    elif line:
        yield line
    paths = [path for path in list_paths(finding) if path not in escape_text(finding.message)]
    if paths:
        yield tell_list(paths, shown=SHOWN_PATHS)


def tell_remedy(finding: Finding) -> str:
    """What cures a finding, first of all."""
    return finding.fixes[0].title if finding.fixes else ""


def tell_expired(suppression: Suppression) -> str:
    """That a suppression holds no longer, with its reason."""
    return f"{suppression.place}: {suppression} was suppressed until {suppression.expires}: {suppression.reason}"


def tell_unused(suppression: Suppression, outcome: GateOutcome) -> str:
    """That a suppression can go, or that it is about no image."""
    if suppression in outcome.unmatched:
        names = tell_list(list(dict.fromkeys(verdict.name for verdict in outcome.verdicts)), shown=SHOWN_IMAGES)
        told = f"no image that is checked has such a name, but {names}"
        return f"{suppression.place}: {suppression} suppresses nothing: {told}"
    return f"{suppression.place}: {suppression} suppresses nothing any more"


def tell_gone(outcome: GateOutcome) -> str:
    """That the baseline knows more than there is."""
    are = "is" if outcome.gone == 1 else "are"
    return f"{tell_count(outcome.gone, 'finding')} of the baseline {are} no more: --update-baseline takes them out"


def iter_breaches(verdict: ImageVerdict) -> Iterator[Breach]:
    """The limits that are broken, each without a detail that another one, or a finding that fails, tells already."""
    told = [each.finding.message for each in verdict.select(Disposition.FAILS)]
    for breach in verdict.breaches:
        is_new = not any(breach.detail in message for message in told)
        yield breach if is_new else replace(breach, detail="")
        told.append(breach.detail)


def list_told(verdict: ImageVerdict) -> tuple[JudgedFinding, ...]:
    """The findings that are told: those that fail, then those that are warned of."""
    return (*verdict.select(Disposition.FAILS), *verdict.select(Disposition.WARNS))
