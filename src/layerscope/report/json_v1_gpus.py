"""The JSON report, version 1: what it says of GPUs."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from layerscope.report.json_v1_kinds import LayerNumber, PathText

GpuVerdictName = Literal["native", "jit", "partial", "none", "no device code"]


class GpuLibraryV1(Struct, frozen=True):
    """How one library fares on a GPU: its containers that run as they are, after compilation, and on the best GPU."""

    path: PathText
    layer: LayerNumber | None
    verdict: GpuVerdictName
    gives: str
    native: int
    jit: int
    best: int
    targets: list[str]


class GpuV1(Struct, frozen=True):
    """Whether the image runs on one kind of GPU, as its files say."""

    name: str
    compute_capability: str
    verdict: GpuVerdictName
    code_verdict: Annotated[
        GpuVerdictName,
        Meta(description="What device code and driver alone say, also where a finding blocks the image."),
    ]
    cause: Annotated[
        str,
        Meta(description="What it fails at or falls short of: code, architecture, driver too old, blocked, …"),
    ]
    reason: str
    evidence: Annotated[
        list[str], Meta(description="Paths of the libraries that decide, and of those that fall short.")
    ]
    minimum_driver: Annotated[
        str | None, Meta(description="The oldest driver with which the image starts on this GPU.")
    ]
    full_driver: Annotated[str | None, Meta(description="The oldest driver with all features of the image's CUDA.")]
    last_driver_branch: Annotated[int | None, Meta(description="The last driver branch that knows this GPU.")]
    driver: Annotated[str | None, Meta(description="The driver that was asked about.")]
    node: Annotated[str | None, Meta(description="The node type of the fleet.")]
    count: int
    asked: bool
    libraries: list[GpuLibraryV1]
