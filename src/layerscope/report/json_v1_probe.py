"""The probe in the JSON report, version 1."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

ProbeStatusName = Literal["not requested", "not run", "passed", "failed", "unproved"]


class ProbeStageV1(Struct, frozen=True):
    """One stage, in the order in which a generation depends on them."""

    name: str
    status: Annotated[
        str, Meta(description="`passed`, `failed`, `hung`, `crashed`, `skipped`, `blocked` or `not reached`.")
    ]
    seconds: float
    kind: Annotated[str | None, Meta(description="How it failed, in one word.")]
    detail: str
    wait: Annotated[
        dict[str, Any] | None, Meta(description="What it waited for when it was late: threads, stacks, last line.")
    ]


class KnownErrorV1(Struct, frozen=True):
    """What is known of the message that a stage gave; `layerscope explain ID` tells more."""

    id: str
    meaning: str
    cures: list[str]


class ProbeVerdictV1(Struct, frozen=True):
    """What the probe comes to: an outcome, the first stage that broke, why, and what to do."""

    outcome: str
    title: str
    root: Annotated[str, Meta(description="The first stage that broke; empty where none did.")]
    kind: Annotated[str, Meta(description="The word for how it failed.")]
    reason: str
    cures: list[str]
    consequences: Annotated[list[str], Meta(description="Stages that could not do their work because of the root.")]
    unproved: list[str]
    device: str
    remarks: list[str]
    known: KnownErrorV1 | None
    cause: Annotated[str, Meta(description="The word of the cause tree for a GPU that is not there.")]
    explained_by: Annotated[list[str], Meta(description="Names of rules whose findings would be that cause.")]


class LiveLibrariesV1(Struct, frozen=True):
    """Libraries that the process held, those that no layer has, and needs that were compared with the files."""

    count: int
    injected: Annotated[list[str], Meta(description="Paths of what the NVIDIA runtime brought.")]
    foreign: Annotated[list[str], Meta(description="Paths of others that are in no layer.")]
    compared: int


class VariantV1(Struct, frozen=True):
    """One run: how closed it was, and what became of each stage."""

    isolation: Annotated[dict[str, Any], Meta(description="Facts of the container, by name.")]
    stages: Annotated[dict[str, str], Meta(description="The status of each stage.")]


class ProbeNeedV1(Struct, frozen=True):
    """Something that the image does not work without, and how an engine is told to allow it."""

    name: str
    text: str
    flags: list[str]


class IsolationWarningV1(Struct, frozen=True):
    """Something in the container's limits or surroundings that breaks programs."""

    kind: Annotated[str, Meta(description="A word, as `shm-too-small`.")]
    text: str
    cure: str


class RecipeV1(Struct, frozen=True):
    """A hardened run that was seen to be good."""

    docker: Annotated[list[str], Meta(description="Flags of `docker run`, each with its value.")]
    kubernetes: Annotated[dict[str, Any], Meta(description="What goes into the `spec` of a pod.")]


class ProbeServerV1(Struct, frozen=True):
    """A server of models that listened."""

    name: Annotated[str, Meta(description="Which it is, and by what it was recognised.")]
    place: Annotated[str, Meta(description="Where it listened, as its own network sees it.")]
    model: Annotated[str, Meta(description="The model that was asked; empty where none was.")]
    first_text: Annotated[float | None, Meta(description="Seconds until a stream brought its first text.")]
    tokens_per_second: Annotated[float | None, Meta(description="By the server's own count of tokens.")]


class ProbeV1(Struct, frozen=True):
    """What the running container did."""

    status: ProbeStatusName
    stages: list[ProbeStageV1]
    verdict: ProbeVerdictV1 | None
    devices: Annotated[list[dict[str, Any]], Meta(description="The GPUs that the driver showed.")]
    observations: Annotated[dict[str, Any], Meta(description="What each stage measured, by stage.")]
    seconds: float = 0.0
    logs: Annotated[
        dict[str, str], Meta(description="What its processes printed, by role and stream (`generation stderr`).")
    ] = {}
    confirmed: Annotated[
        list[str], Meta(description="Codes of findings in the image's files that the probe confirms.")
    ] = []
    libraries: LiveLibrariesV1 | None = None
    model: Annotated[str, Meta(description="The image's own model, and how it was found; or why not.")] = ""
    memory: Annotated[
        dict[str, Any], Meta(description="The most that any stage used, in bytes, of `host` and `gpu`.")
    ] = {}
    variants: Annotated[
        dict[str, VariantV1], Meta(description="The runs side by side: `hardened`, and `default` where that ran, too.")
    ] = {}
    needs: Annotated[list[ProbeNeedV1], Meta(description="What the run with default rights shows that it needs.")] = []
    warnings: list[IsolationWarningV1] = []
    recipe: RecipeV1 | None = None
    refusal: Annotated[str, Meta(description="Why it could not run; empty where it did.")] = ""
    server: ProbeServerV1 | None = None
