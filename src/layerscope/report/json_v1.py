"""The JSON report, version 1: its types, from which its schema is generated.

Consumers rely on every key here. Adding one is fine; changing or removing one is a new version with types of its own.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from layerscope.report.json_v1_gpus import GpuV1
from layerscope.report.json_v1_kinds import ByteCount, DigestText, LayerNumber, PathText, Score
from layerscope.report.json_v1_probe import ProbeV1

SCHEMA_VERSION: Final = 1

SeverityName = Literal["critical", "high", "medium", "low", "info"]
ConfidenceName = Literal["high", "medium", "low"]
SafetyName = Literal["safe", "review"]
FixKindName = Literal["dockerfile-edit", "rebuild", "layer-edit", "config-edit", "run-flags", "host-action"]
OriginName = Literal["base", "own", "unknown"]
ProofName = Literal["read", "unchanged", "cached", "table", "none"]
VerdictName = Literal["passed", "failed", "damaged"]


class ToolV1(Struct, frozen=True):
    """Who wrote the report."""

    name: str
    version: str


class BaseV1(Struct, frozen=True):
    """The image below, how many layers it gave, and how that is known."""

    reference: str
    layers: int
    evidence: str


class ImageV1(Struct, frozen=True):
    """What was audited, where it was read, and its digests, which are three different things."""

    reference: str
    source: str
    index_digest: DigestText | None
    manifest_digest: DigestText | None
    config_digest: DigestText
    platform: str
    size: Annotated[ByteCount | None, Meta(description="Bytes of all layers as stored; null where not all are known.")]
    uncompressed_size: Annotated[
        ByteCount | None, Meta(description="Bytes of all layers as tar; null where not all were read to their ends.")
    ]
    created: datetime | None
    base: BaseV1 | None
    notes: list[str]


class LayerV1(Struct, frozen=True):
    """One layer: what the image claims of it, and what reading it proved."""

    index: LayerNumber
    digest: DigestText | None
    diff_id: DigestText
    chain_id: DigestText
    media_type: str | None
    size: ByteCount | None
    uncompressed_size: ByteCount | None
    entries: ByteCount | None
    wasted: Annotated[
        ByteCount | None,
        Meta(description="Bytes of its files that upper layers hide or remove; null where a layer was not read whole."),
    ]
    created_by: str | None
    verified: bool
    proof: Annotated[
        ProofName,
        Meta(
            description="What `verified` rests on: the bytes were read now; their file is unchanged since they were "
            "read; the engine keeps the layer that was read earlier; its table of contents describes it, which proves "
            "nothing of its files; none."
        ),
    ]
    fetched: Annotated[
        ByteCount | None,
        Meta(
            description="Bytes of its blob that came over the network now; null where the image lies on this host, or "
            "where nothing but the layer's table of contents was read."
        ),
    ]
    origin: OriginName


class WeightV1(Struct, frozen=True):
    """Bytes of file content: all that is shipped, what the container sees of it, and what it does not.

    Where not every layer was read to its end, `complete` is false, sums are lower bounds, and dive's numbers are null.
    """

    total: ByteCount
    visible: ByteCount
    hidden: ByteCount
    removed: ByteCount
    repeated: ByteCount
    wasted: Annotated[ByteCount, Meta(description="Shipped and not seen: hidden and removed together.")]
    dive_wasted: Annotated[ByteCount | None, Meta(description="What dive counts as wasted.")]
    efficiency: Annotated[Score | None, Meta(description="The score that dive gives.")]
    complete: bool


class OsReleaseV1(Struct, frozen=True):
    """The distribution that os-release names."""

    id: str
    version_id: str
    code_name: str
    pretty_name: str


FactListV1 = Annotated[
    dict[str, list[dict[str, Any]]],
    Meta(
        description="Facts by kind, each with `path`, `layer`, `created_by` and `origin` beside its own fields. A kind "
        "without facts has no key; further kinds and fields may come."
    ),
]


class SystemV1(Struct, frozen=True):
    """The distribution, where the image names one, and everything else that is known of the system."""

    os_release: OsReleaseV1 | None
    observed: FactListV1


class VariableV1(Struct, frozen=True):
    """An environment variable; what looks like a credential in its value is replaced by `***`."""

    name: str
    value: str


class ProcessV1(Struct, frozen=True):
    """How the container's process starts."""

    user: str
    working_dir: str
    entrypoint: list[str]
    command: list[str]
    environment: list[VariableV1]
    exposed_ports: list[str]
    volumes: list[str]
    stop_signal: str | None
    health_check: list[str] | None


class FactsV1(Struct, frozen=True):
    """What the image contains, by family; null for a family that was not collected."""

    system: SystemV1 | None
    elf: FactListV1 | None
    python: FactListV1 | None
    cuda: FactListV1 | None
    models: dict[str, Any] | None
    process: ProcessV1 | None


class LocationV1(Struct, frozen=True):
    """Where a finding lies; `path` starts with a slash, and all are null for the image as a whole."""

    path: PathText | None
    layer: LayerNumber | None
    layer_digest: DigestText | None
    created_by: str | None


class FixV1(Struct, frozen=True):
    """A change that would cure a finding."""

    title: str
    kind: FixKindName
    safety: SafetyName
    steps: list[str]


class FindingV1(Struct, frozen=True):
    """One thing that is wrong."""

    code: Annotated[str, Meta(pattern="^[A-Z]+[0-9]+$")]
    rule: str
    title: str
    message: str
    severity: SeverityName
    confidence: ConfidenceName
    origin: OriginName
    wasted: ByteCount
    locations: list[LocationV1]
    fixes: list[FixV1]
    confirmed: Annotated[
        str | None, Meta(description="The stage of the probe that bears it out; null where none does.")
    ]


class GapV1(Struct, frozen=True):
    """Something that could not be read, and why."""

    what: str
    where: str
    why: str


class PlanStepV1(Struct, frozen=True):
    """One change, why it is needed, what findings it removes, and how many bytes it saves."""

    kind: FixKindName
    title: str
    safety: SafetyName
    reason: Annotated[str, Meta(description="What the worst of the findings that it removes says.")]
    steps: list[str]
    command: str | None
    patch: str | None
    removes: list[str]
    saves: ByteCount
    alternatives: Annotated[list[FixV1], Meta(description="Other fixes of the same findings, that would do as well.")]


class LeftOutV1(Struct, frozen=True):
    """A fix that is not planned since a step of the plan does what it would, or excludes it."""

    title: str
    kind: FixKindName
    codes: list[str]
    reason: str
    step: Annotated[int, Meta(ge=0, description="Zero-based position in `steps` of what is planned instead.")]
    cured: Annotated[bool, Meta(description="Whether that step cures its findings; else they stay.")]


class PlanV1(Struct, frozen=True):
    """What to change, in order of effect."""

    steps: list[PlanStepV1]
    left_out: list[LeftOutV1]


class SummaryV1(Struct, frozen=True):
    """The outcome: `failed` at or above the threshold, `damaged` where bytes are others than named or unreadable."""

    counts_by_severity: dict[SeverityName, int]
    ignored: Annotated[int, Meta(ge=0, description="Findings of the base image that were left out on request.")]
    verdict: VerdictName
    exit_code: int


class ReportV1(Struct, frozen=True):
    """The report of one audit."""

    schema_version: Literal[1]
    tool: ToolV1
    image: ImageV1
    layers: list[LayerV1]
    weight: WeightV1
    facts: FactsV1
    gpus: list[GpuV1]
    findings: list[FindingV1]
    gaps: list[GapV1]
    probe: ProbeV1
    plan: PlanV1
    summary: SummaryV1
