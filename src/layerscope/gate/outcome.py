"""GateOutcome: the verdicts on all images, and what the check found out about its own policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from layerscope.audit.result import INTEGRITY_CODES
from layerscope.gate.baseline import Accepted, Baseline
from layerscope.gate.policy import Policy
from layerscope.gate.suppression import Suppression
from layerscope.gate.verdict import Disposition, ImageVerdict, JudgedFinding, State
from layerscope.sources.identity import list_spellings


@dataclass(frozen=True)
class GateOutcome:
    """Everything that a check found out.

    `unused` are suppressions that suppress nothing any more, `unmatched` those of them that are about no image that was
    checked, `gone` counts findings of the baseline that are there no
    more; all are told where all images of the policy were checked.
    """

    verdicts: tuple[ImageVerdict, ...]
    expired: tuple[Suppression, ...] = ()
    unused: tuple[Suppression, ...] = ()
    gone: int = 0
    unmatched: tuple[Suppression, ...] = ()

    @property
    def worst(self) -> State:
        """The state that matters most: damage, an image that could not be had, one that was not finished."""
        order = list(State)
        states = [verdict.state for verdict in self.verdicts]
        if self.expired:
            states.append(State.BROKEN)
        return min(states, key=order.index, default=State.SOUND)


def make_outcome(
    policy: Policy, verdicts: tuple[ImageVerdict, ...], baseline: Baseline, *, today: date, is_whole: bool
) -> GateOutcome:
    """The outcome of a check; `is_whole` says that all images of the policy were to be checked."""
    expired = tuple(each for each in policy.suppressions if each.is_expired(today))
    if not is_whole or not all(verdict.is_whole for verdict in verdicts):
        return GateOutcome(verdicts, expired)
    used = {each.suppression for verdict in verdicts for each in verdict.findings if each.suppression is not None}
    unused = tuple(each for each in policy.suppressions if each not in used and each not in expired)
    present: dict[str, set[str]] = {}
    for verdict in verdicts:
        found = {each.fingerprint for each in verdict.findings}
        present.setdefault(verdict.key, set()).update(found)
    gone = sum(len(set(known) - present.get(image, set())) for image, known in baseline.findings.items())
    names = [name for verdict in verdicts for name in list_spellings(verdict.name)]
    unmatched = tuple(each for each in unused if not each.is_about(names))
    return GateOutcome(verdicts, expired, unused, gone, unmatched)


def list_accepted(verdict: ImageVerdict) -> Mapping[str, Accepted]:
    """What a baseline keeps of an image: all that fails, warns, is forbidden or was kept before, but no damage."""
    kept = (Disposition.FAILS, Disposition.WARNS, Disposition.KNOWN)
    forbidden = [breach.finding for breach in verdict.breaches if breach.finding is not None]
    return {
        each.fingerprint: Accepted(_tell(each), each.finding.severity, each.finding.wasted)
        for each in verdict.findings
        if (each.disposition in kept or each.finding in forbidden) and each.finding.code not in INTEGRITY_CODES
    }


def _tell(judged: JudgedFinding) -> str:
    """The finding in words that stay."""
    paths = sorted(place.path for place in judged.finding.locations if place.path is not None)
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{judged.finding.code} {judged.finding.rule}" + (f" /{paths[0]}{more}" if paths else "")
