"""The JSON of a comparison, version 1: its types, from which its schema is generated.

Consumers rely on every key here. Adding one is fine; changing or removing one is a new version with types of its own.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from layerscope.report.json_v1 import FindingV1, ImageV1, ToolV1
from layerscope.report.json_v1_kinds import ByteCount, LayerNumber, PathText

ChangeName = Literal["added", "removed", "changed"]
LevelName = Literal["breaks", "risky", "note"]
FateName = Literal["shared", "moved", "removed", "added"]


class RiskV1(Struct, frozen=True):
    """What to know first, and what it rests on."""

    level: LevelName
    kind: Annotated[str, Meta(description="What it is about, by the name that `forbid` of a policy knows.")]
    text: str
    detail: str


class DigestCauseV1(Struct, frozen=True):
    """One of the causes of another digest, with some of what it comes to."""

    name: str
    text: str
    details: list[str]
    count: Annotated[int, Meta(ge=0, description="How many details there are in all.")]


class ValueChangeV1(Struct, frozen=True):
    """A value by name, before and after; null where there was none."""

    change: ChangeName
    name: str
    before: str | None
    after: str | None


class ConfigChangeV1(ValueChangeV1, frozen=True):
    """A key of the config by name, before and after."""

    by_builder: Annotated[bool, Meta(description="Whether builders write it anew with each build.")]


class PackageChangeV1(Struct, frozen=True):
    """A package's versions before and after, several where one place has several."""

    change: ChangeName
    kind: str
    name: str
    place: str
    old_place: str
    before: list[str]
    after: list[str]


class GpuStateV1(Struct, frozen=True):
    """How an image fares on a GPU."""

    verdict: str
    reason: str
    minimum_driver: str


class GpuChangeV1(Struct, frozen=True):
    """A GPU on which the images fare differently; null where one was not judged for it."""

    name: str
    node: Annotated[str, Meta(description="The node type of a fleet, empty where none was asked about.")]
    before: GpuStateV1 | None
    after: GpuStateV1 | None


class LayerPairV1(Struct, frozen=True):
    """A layer by its numbers before and after."""

    fate: FateName
    before: LayerNumber | None
    after: LayerNumber | None
    diff_id: str
    size: ByteCount | None
    created_by: str | None


class HistoryStepV1(Struct, frozen=True):
    """A build step: its instruction, as the builder wrote it, the layer it made (null for none), and who says what."""

    instruction: str
    created_by: str | None
    layer: LayerNumber | None
    empty: Annotated[bool, Meta(description="Whether it says that it made no layer.")]
    author: str
    comment: str


class StepChangeV1(Struct, frozen=True):
    """Build steps, and those in their place: instructions, and the whole steps; `aspects` says in what they differ."""

    change: ChangeName
    before: list[str]
    after: list[str]
    aspects: list[str]
    before_steps: list[HistoryStepV1]
    after_steps: list[HistoryStepV1]


class FileStateV1(Struct, frozen=True):
    """What a container sees of a file; `layer` is the one that put it there."""

    type: str
    size: ByteCount
    mode: Annotated[str, Meta(pattern="^[0-7]{4,5}$")]
    uid: int
    gid: int
    mtime_ns: int | None
    link: str | None
    sha256: str | None
    layer: LayerNumber
    created_by: str | None


class ContentV1(Struct, frozen=True):
    """What differs inside of a file, in lines that begin with `+`, `-`, `~`, a blank or `@@`."""

    kind: str
    lines: list[str]
    remark: str


class FileChangeV1(Struct, frozen=True):
    """A path that differs, and in what, where there is a file on both sides; `content` where --patch asked for it."""

    change: ChangeName
    path: PathText
    aspects: list[str]
    growth: int
    before: FileStateV1 | None
    after: FileStateV1 | None
    content: ContentV1 | None


class LinkChangeV1(Struct, frozen=True):
    """An executable or library that links otherwise; of symbol versions the newest of each family.

    `values` has its SONAME, ELF interpreter, RPATH and RUNPATH where they are others.
    """

    path: PathText
    old_path: PathText
    needed_added: list[str]
    needed_removed: list[str]
    needs: list[ValueChangeV1]
    provides: list[ValueChangeV1]
    values: list[ValueChangeV1]


class SizeChangeV1(Struct, frozen=True):
    """What brought bytes, or took them away."""

    kind: str
    name: str
    place: PathText
    growth: int
    files: int


class LesserFindingV1(Struct, frozen=True):
    """A finding of both images as it is told of the second, and its severity in the first, which is graver."""

    finding: FindingV1
    before: str


class FindingChangesV1(Struct, frozen=True):
    """Findings of the second image alone, of the first alone, and of both as they are told of the second.

    `lesser` has again those that are kept and were graver.
    """

    new: list[FindingV1]
    fixed: list[FindingV1]
    kept: list[FindingV1]
    lesser: list[LesserFindingV1]


class DiffSummaryV1(Struct, frozen=True):
    """The outcome; `left_out` counts paths by the class of noise for which they do not count."""

    same: bool
    whole: Annotated[bool, Meta(description="Whether both images are intact and were read to their ends.")]
    doubts_before: Annotated[list[str], Meta(description="Why what is told of the first image may not be so.")]
    doubts_after: list[str]
    growth: Annotated[int, Meta(description="Bytes that a container sees more of in the files that are compared.")]
    left_out: dict[str, int]
    path_notes: Annotated[
        list[str], Meta(description="What the globs of paths match that may have been meant otherwise.")
    ]
    exit_code: int


class DiffV1(Struct, frozen=True):
    """The report of one comparison."""

    schema_version: Literal[1]
    tool: ToolV1
    before: ImageV1
    after: ImageV1
    summary: DiffSummaryV1
    digest: Annotated[list[DigestCauseV1], Meta(description="Empty where the digest is the same.")]
    risks: list[RiskV1]
    traits: list[ValueChangeV1]
    gpus: list[GpuChangeV1]
    packages: list[PackageChangeV1]
    findings: FindingChangesV1
    sizes: list[SizeChangeV1]
    layers: list[LayerPairV1]
    config: list[ConfigChangeV1]
    history: list[StepChangeV1]
    linking: list[LinkChangeV1]
    files: list[FileChangeV1]
