"""Checking images one after the other, each against the policy, within the time that there is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from layerscope.audit.ignore_base import ignore_base
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.result import AuditResult
from layerscope.cli.time_limit import OutOfTimeError, limit_time
from layerscope.errors import (
    FormatError,
    ImageError,
    ImageNotFoundError,
    NoEngineError,
    SourceError,
    UnknownBaseError,
)
from layerscope.gate.baseline import Baseline
from layerscope.gate.image_choice import ImageChoice
from layerscope.gate.policy import Policy
from layerscope.gate.subject import Subject
from layerscope.gate.verdict import ImageVerdict, State, judge_subject
from layerscope.progress import Progress
from layerscope.report.fingerprint import fingerprint_findings
from layerscope.rules.order import order_findings
from layerscope.sources.bare_name import REGISTRY, BareNameSource
from layerscope.sources.source import Source

UNFINISHED = "not checked within the time limit; what was read is kept, so another run goes on from there"

Demand = tuple[ImageChoice, Policy]
"""An image, and what is demanded of it."""


@dataclass(frozen=True)
class Checking:
    """What checks images: how they are opened and audited, and the day."""

    open_image: Callable[[str], Source]
    options: AuditOptions
    today: date
    is_push: bool = False
    """Whether a push is what is checked: images named for it have to be here, for those of a registry are older."""
    audited: dict[tuple[str, str | None], AuditResult] = field(default_factory=dict)
    """Every image that was audited, with its base, for one may be the reference of several."""

    def check_all(
        self, demands: Sequence[Demand], *, baseline: Baseline, seconds: float | None, progress: Progress
    ) -> tuple[ImageVerdict, ...]:
        """The verdict on each image, in the order given; those that the time did not suffice for are unfinished."""
        verdicts: dict[str, ImageVerdict] = {}
        try:
            with limit_time(seconds):
                for choice, policy in demands:
                    verdicts[choice.name] = replace(self.check(choice, policy, baseline, progress), policy=policy)
        except OutOfTimeError:
            pass
        return tuple(
            verdicts.get(choice.name)
            or ImageVerdict(choice.name, State.UNFINISHED, trouble=UNFINISHED, policy=policy, is_out_of_time=True)
            for choice, policy in demands
        )

    def check(self, choice: ImageChoice, policy: Policy, baseline: Baseline, progress: Progress) -> ImageVerdict:
        """The verdict on one image; what could not be had or is malformed is one, too."""
        name = choice.name
        if choice.left_out:
            return ImageVerdict(name, State.SKIPPED, trouble=choice.left_out)
        needs_reference = any(limit.needs_reference for limit in policy.limits.values())
        against = policy.against if needs_reference else None
        try:
            result = self._audit(name, progress, base=policy.base, is_local=self.is_push and choice.is_derived)
            result = ignore_base(result) if policy.ignores_base else result
            reference = self._audit_reference(against, progress) if against else None
        except ImageNotFoundError as error:
            return _judge_missing(choice, error)
        except SourceError as error:
            return ImageVerdict(name, State.ABSENT, trouble=str(error))
        except (ImageError, FormatError) as error:
            return ImageVerdict(name, State.DAMAGED, trouble=str(error))
        except UnknownBaseError as error:
            return ImageVerdict(name, State.UNFINISHED, trouble=str(error))
        known = fingerprint_findings(order_findings(result.findings), result)
        return judge_subject(
            Subject(name, result, reference, against or ""),
            policy,
            fingerprinted=((finding, fingerprint.text) for finding, fingerprint in known),
            baseline=baseline,
            today=self.today,
        )

    def _audit(self, name: str, progress: Progress, *, base: str | None = None, is_local: bool = False) -> AuditResult:
        if (name, base) not in self.audited:
            source = self.open_image(name)
            if is_local and isinstance(source, BareNameSource):
                source = replace(source, sources=tuple(each for each in source.sources if each[0] != REGISTRY))
            options = replace(self.options, base=self._open_base(base)) if base else self.options
            self.audited[name, base] = audit_image(source, options=options, progress=progress)
        return self.audited[name, base]

    def _open_base(self, name: str) -> Source:
        """The source of a base image; an error says that it is about that one."""
        try:
            return self.open_image(name)
        except SourceError as error:
            raise SourceError(f"the base image (base): {error}") from error

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


def _judge_missing(choice: ImageChoice, error: ImageNotFoundError) -> ImageVerdict:
    """The verdict on an image that is not there: nothing is wrong with that where the policy says so."""
    if choice.is_optional and _is_nowhere(error):
        return ImageVerdict(choice.name, State.SKIPPED, trouble=f"there is no such image: {error}")
    return ImageVerdict(choice.name, State.ABSENT, trouble=_advise(choice, error))


def _is_nowhere(error: ImageNotFoundError) -> bool:
    """Whether everyone who could be asked knows no such image; an engine that is not there cannot have it."""
    tried = error.__cause__.exceptions if isinstance(error.__cause__, ExceptionGroup) else (error,)
    known = all(isinstance(each, ImageNotFoundError | NoEngineError) for each in tried)
    return known and any(isinstance(each, ImageNotFoundError) for each in tried)


def _advise(choice: ImageChoice, error: ImageNotFoundError) -> str:
    """What went wrong, and how a policy says that it is nothing wrong."""
    if not choice.said_at:
        return str(error)
    made = "build it before, or say" if choice.is_derived or choice.dockerfile else "say"
    return f"{error}; {made} optional = true of {choice.said_at}, if there need not be such an image"


def list_images(demands: Sequence[Demand]) -> Sequence[str]:
    """Every image that is opened: those that are checked, those below, and those that they are compared with."""
    checked = [(choice.name, policy) for choice, policy in demands if not choice.left_out]
    others = [name for _, policy in checked for name in (policy.against, policy.base) if name]
    return list(dict.fromkeys([*(name for name, _ in checked), *others]))
