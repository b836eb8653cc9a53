"""The JSON of a check, version 1: its types, from which its schema is generated.

Consumers rely on every key here. Adding one is fine; changing or removing one is a new version with types of its own.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from layerscope.report.json_v1 import FindingV1, ToolV1
from layerscope.report.json_v1_kinds import ByteCount

StateName = Literal["sound", "broken", "unfinished", "absent", "damaged", "skipped"]
DispositionName = Literal["fails", "warns", "known", "suppressed", "ignored", "below"]


class BreachV1(Struct, frozen=True):
    """A limit that an image breaks: its key, or the name of the change that is forbidden."""

    limit: str
    message: str
    detail: str
    remedy: str


class MeasureV1(Struct, frozen=True):
    """How the image fares by a limit: what was found, and what is allowed; `about` names a GPU or an image."""

    limit: str
    about: str
    found: str
    allowed: str
    kept: bool


class SuppressionV1(Struct, frozen=True):
    """A suppression of the policy; `place` is where it stands."""

    place: str
    rule: str
    path: str
    image: str
    reason: str
    expires: Annotated[str, Meta(description="A date, as 2026-12-31.")] | None


class JudgedFindingV1(Struct, frozen=True):
    """A finding, what it counts for, and the fingerprint by which a baseline knows it."""

    disposition: DispositionName
    fingerprint: str
    suppression: SuppressionV1 | None
    accepted: Annotated[str, Meta(description="The severity that was accepted, where it is graver now.")] | None
    finding: FindingV1


class CheckedImageV1(Struct, frozen=True):
    """The verdict on an image; without digest and size where it could not be audited, which `trouble` explains."""

    name: str
    state: StateName
    trouble: str
    digest: str | None
    platform: str | None
    unchecked: Annotated[list[str], Meta(description="Other platforms of the image, which were not checked.")]
    size: ByteCount | None
    source: Annotated[str, Meta(description="Where it was read from.")] | None
    notes: Annotated[list[str], Meta(description="What a person should know of how it was read.")]
    against: str | None
    base: str | None
    ignored: Annotated[int, Meta(ge=0, description="Findings in the base image's layers that were left out.")]
    limits: list[MeasureV1]
    breaches: list[BreachV1]
    findings: list[JudgedFindingV1]


class CheckSummaryV1(Struct, frozen=True):
    """The outcome, and how many images are in which state."""

    kept: bool
    text: str
    states: dict[str, int]
    exit_code: int


class CheckV1(Struct, frozen=True):
    """The report of one check. `gone` counts findings of the baseline that are there no more.

    `unmatched` has again those of the unused that are about no image that was checked.
    """

    schema_version: Literal[1]
    tool: ToolV1
    summary: CheckSummaryV1
    images: list[CheckedImageV1]
    expired: list[SuppressionV1]
    unused: list[SuppressionV1]
    unmatched: list[SuppressionV1]
    gone: int


class SettingV1(Struct, frozen=True):
    """One setting, what said it, and where."""

    key: str
    value: object
    origin: Literal["flag", "variable", "file", "default"]
    place: str


class SettingsV1(Struct, frozen=True):
    """All settings of a check, as `--show-config` tells them."""

    schema_version: Literal[1]
    tool: ToolV1
    settings: list[SettingV1]
