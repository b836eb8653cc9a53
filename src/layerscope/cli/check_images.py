"""Checking images one after the other, each against the policy, within the time that there is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from layerscope.audit.base_image import BY_KNOWN_IMAGE
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
    UsageError,
)
from layerscope.gate.baseline import Baseline
from layerscope.gate.image_choice import ImageChoice
from layerscope.gate.policy import Policy
from layerscope.gate.subject import Subject
from layerscope.gate.verdict import Hindrance, ImageVerdict, State, judge_subject
from layerscope.image.platform import Platform
from layerscope.progress import Progress
from layerscope.report.fingerprint import fingerprint_findings
from layerscope.rules.order import order_findings
from layerscope.rules.wording import tell_layers
from layerscope.sources.bare_name import REGISTRY, BareNameSource
from layerscope.sources.identity import identify_image
from layerscope.sources.source import Source

UNFINISHED = (
    "not checked within the time limit; layers that were read whole are kept for the next run, "
    "and one that alone takes longer needs a longer limit"
)

Demand = tuple[ImageChoice, Policy]
"""An image, and what is demanded of it."""


@dataclass(frozen=True)
class Checking:
    """What checks images: how they are opened and audited, and the day."""

    open_image: Callable[[str], Source]
    options: AuditOptions
    today: date
    folder: Path
    """The folder of the baseline, from which it knows paths."""
    is_push: bool = False
    """Whether a push is what is checked: images named for it have to be here, for those of a registry are older."""
    audited: dict[tuple[str, str | None, Platform | None], AuditResult] = field(default_factory=dict)
    """Every image that was audited, with its base and platform, for one may be the reference of several."""

    def check_all(
        self, demands: Sequence[Demand], *, baseline: Baseline, seconds: float | None, progress: Progress
    ) -> tuple[ImageVerdict, ...]:
        """The verdict on each image, in the order given; those that the time did not suffice for are unfinished."""
        verdicts: list[ImageVerdict] = []
        try:
            with limit_time(seconds):
                for choice, policy in demands:
                    verdicts.append(replace(self.check(choice, policy, baseline, progress), policy=policy))
        except OutOfTimeError:
            pass
        unfinished = (
            ImageVerdict(choice.name, State.UNFINISHED, trouble=UNFINISHED, policy=policy, is_out_of_time=True)
            for choice, policy in demands[len(verdicts) :]
        )
        return tell_platforms((*verdicts, *unfinished))

    def check(self, choice: ImageChoice, policy: Policy, baseline: Baseline, progress: Progress) -> ImageVerdict:
        """The verdict on one image; what could not be had or is malformed is one, too."""
        name = choice.name
        if choice.left_out:
            return ImageVerdict(name, State.SKIPPED, trouble=choice.left_out)
        try:
            result = self._audit(choice, policy, progress)
        except ImageNotFoundError as error:
            return _judge_missing(choice, error)
        except SourceError as error:
            return ImageVerdict(name, State.ABSENT, trouble=str(error))
        except (ImageError, FormatError) as error:
            return ImageVerdict(name, State.DAMAGED, trouble=str(error))
        except UnknownBaseError as error:
            return ImageVerdict(name, State.UNFINISHED, trouble=str(error))
        reference, hindrance = self._find_reference(policy, choice.platform, progress)
        known = fingerprint_findings(order_findings(result.findings), result)
        return judge_subject(
            Subject(name, result, reference, policy.reference or ""),
            policy,
            fingerprinted=((finding, fingerprint.text) for finding, fingerprint in known),
            baseline=baseline,
            today=self.today,
            key=identify_image(choice.place).name_repository(self.folder),
            hindrance=hindrance,
        )

    def _audit(self, choice: ImageChoice, policy: Policy, progress: Progress) -> AuditResult:
        is_local = self.is_push and choice.is_derived
        base = policy.places.get("base")
        result = self._audit_place(choice.place, progress, base=base, platform=choice.platform, is_local=is_local)
        if not policy.ignores_base:
            return result
        if base is None and result.base is not None and result.base.evidence == BY_KNOWN_IMAGE:
            raise UnknownBaseError(  # another version of the image, or another image built on it, may be what is known
                f"--ignore-base: that {result.base.reference} is the base of {result.image.reference} is known only "
                "from an audit of it on this machine; name the base image with --base"
            )
        return ignore_base(result)

    def _audit_place(
        self,
        place: str,
        progress: Progress,
        *,
        platform: Platform | None,
        base: str | None = None,
        is_local: bool = False,
    ) -> AuditResult:
        known = (place, base, platform)
        if known not in self.audited:
            source = self.open_image(place)
            if is_local and isinstance(source, BareNameSource):
                source = replace(source, sources=tuple(each for each in source.sources if each[0] != REGISTRY))
            options = replace(self.options, platform=platform) if platform is not None else self.options
            options = replace(options, base=self._open_base(base)) if base else options
            self.audited[known] = audit_image(source, options=options, progress=progress)
        return self.audited[known]

    def _open_base(self, name: str) -> Source:
        """The source of a base image; an error says that it is about that one."""
        try:
            return self.open_image(name)
        except SourceError as error:
            raise SourceError(f"the base image (base): {error}") from error
        except UsageError as error:
            raise UsageError(f"the base image (base): {error}") from error

    def _find_reference(
        self, policy: Policy, platform: Platform | None, progress: Progress
    ) -> tuple[AuditResult | None, Hindrance | None]:
        """The audit of the image to compare with, where a limit compares; or why there is nothing to compare with."""
        name = policy.reference
        if name is None:
            return None, None
        trouble = f"the image to compare with (against), {name},"
        try:
            result = self._audit_place(policy.places.get("against", name), progress, platform=platform)
        except SourceError as error:
            return None, Hindrance(State.ABSENT, f"{trouble} could not be had: {error}")
        except (ImageError, FormatError) as error:
            return None, Hindrance(State.DAMAGED, f"{trouble} is damaged: {error}")
        except UsageError as error:
            raise UsageError(f"{trouble} makes no sense: {error}") from error
        if not result.is_intact:
            return None, Hindrance(State.DAMAGED, f"{trouble} is damaged; layerscope audit tells how")
        if not result.is_whole:
            unread = tell_layers([layer.index for layer in result.layers if not layer.is_whole])
            return None, Hindrance(State.UNFINISHED, f"{trouble} could not be read whole: {unread} could not be read")
        return result, None


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
    if choice.is_optional:
        return f"{error} (it is optional, but not everyone who may have it answered)"
    if not choice.said_at:
        return str(error)
    is_built = choice.is_derived or choice.dockerfile is not None
    # what a registry has under that name is no image of this commit yet
    told = str(error).partition("; try ")[0] if is_built else str(error)
    made = "build it before, or write" if is_built else "write"
    return f"{told}; {made} optional = true into {choice.said_at}, if there need not be such an image"


def list_images(demands: Sequence[Demand]) -> Sequence[str]:
    """Every image that is opened: those that are checked, those below, and those that they are compared with."""
    checked = [(choice.place, policy) for choice, policy in demands if not choice.left_out]
    others = [place for _, policy in checked for place in policy.places.values()]
    return list(dict.fromkeys([*(place for place, _ in checked), *others]))


def tell_platforms(verdicts: Sequence[ImageVerdict]) -> tuple[ImageVerdict, ...]:
    """The verdicts, each on an image with several platforms with the one that was checked, and those that were not."""
    checked: dict[str, set[Platform]] = {}
    for verdict in verdicts:
        if verdict.subject is not None:
            checked.setdefault(verdict.name, set()).add(verdict.subject.platform)
    return tuple(
        replace(
            verdict, unchecked=tuple(each for each in verdict.subject.platforms if each not in checked[verdict.name])
        )
        if verdict.subject is not None
        else verdict
        for verdict in verdicts
    )
