"""Checking images one after the other, each against the policy, within the time that there is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.result import AuditResult
from layerscope.cli.time_limit import OutOfTimeError, limit_time
from layerscope.errors import FormatError, ImageError, SourceError
from layerscope.gate.baseline import Baseline
from layerscope.gate.policy import Policy
from layerscope.gate.subject import Subject
from layerscope.gate.verdict import ImageVerdict, State, judge_subject
from layerscope.progress import Progress
from layerscope.report.fingerprint import fingerprint_findings
from layerscope.rules.order import order_findings
from layerscope.sources.source import Source

UNFINISHED = "not checked within the time limit; what was read is kept, so another run goes on from there"


@dataclass(frozen=True)
class Checking:
    """What checks images: how they are opened and audited, and the day."""

    open_image: Callable[[str], Source]
    options: AuditOptions
    today: date
    audited: dict[str, AuditResult] = field(default_factory=dict)
    """Every image that was audited, for one may be the reference of several."""

    def check_all(
        self, policies: Mapping[str, Policy], *, baseline: Baseline, seconds: float | None, progress: Progress
    ) -> tuple[ImageVerdict, ...]:
        """The verdict on each image, in the order given; those that the time did not suffice for are unfinished."""
        verdicts: dict[str, ImageVerdict] = {}
        try:
            with limit_time(seconds):
                for name, policy in policies.items():
                    verdicts[name] = self.check(name, policy, baseline, progress)
        except OutOfTimeError:
            pass
        return tuple(
            verdicts.get(name) or ImageVerdict(name, State.UNFINISHED, trouble=UNFINISHED) for name in policies
        )

    def check(self, name: str, policy: Policy, baseline: Baseline, progress: Progress) -> ImageVerdict:
        """The verdict on one image; what could not be had or is malformed is one, too."""
        needs_reference = any(limit.needs_reference for limit in policy.limits.values())
        against = policy.against if needs_reference else None
        try:
            result = self._audit(name, progress)
            reference = self._audit_reference(against, progress) if against else None
        except SourceError as error:
            return ImageVerdict(name, State.ABSENT, trouble=str(error))
        except (ImageError, FormatError) as error:
            return ImageVerdict(name, State.DAMAGED, trouble=str(error))
        known = fingerprint_findings(order_findings(result.findings), result)
        return judge_subject(
            Subject(name, result, reference, against or ""),
            policy,
            fingerprinted=((finding, fingerprint.text) for finding, fingerprint in known),
            baseline=baseline,
            today=self.today,
        )

    def _audit(self, name: str, progress: Progress) -> AuditResult:
        if name not in self.audited:
            self.audited[name] = audit_image(self.open_image(name), options=self.options, progress=progress)
        return self.audited[name]

    def _audit_reference(self, name: str, progress: Progress) -> AuditResult:
        """The audit of an image that others are compared with; its errors say so."""
        try:
            result = self._audit(name, progress)
        except SourceError as error:
            raise SourceError(f"the image to compare with (against): {error}") from error
        except (ImageError, FormatError) as error:
            raise ImageError(f"the image to compare with (against): {error}") from error
        if not result.is_intact:
            raise ImageError(f"the image to compare with (against): {name} is damaged; layerscope audit tells how")
        return result


def list_images(policies: Mapping[str, Policy]) -> Sequence[str]:
    """Every image that is opened: those that are checked, and those that they are compared with."""
    references = [policy.against for policy in policies.values() if policy.against]
    return list(dict.fromkeys([*policies, *references]))
