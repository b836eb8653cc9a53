"""What a probe saw: each stage and its outcome, the waits and ends of processes, and their output."""

from typing import Any, Final

from msgspec import Struct

from layerscope.probe.hub_state import HubState
from layerscope.probe.protocol import Hang, Slow
from layerscope.probe.serving_spec import SERVING_STAGES

PASSED, FAILED, SKIPPED, BLOCKED = "passed", "failed", "skipped", "blocked"
HUNG, CRASHED, NOT_REACHED = "hung", "crashed", "not reached"

STAGES: Final = (
    "env", "devices", "driver", "kernel", "imports", "tokenizer", "weights", "device", "prefill", "decode",
    "detokenize", "transformers", "own-lookup", "own-tokenizer", "own-weights", "own-device", "own-prefill",
    "own-decode", "own-text", "own-stream", "batch", *SERVING_STAGES, "visibility", "loader",
)  # fmt: skip
"""Every stage, in the order in which a generation depends on them."""

NO_TEMPLATE: Final = "no-chat-template"
"""What a stage says of a model of which chats are asked, and that has no form for them."""

FOR_LIBRARY: Final = frozenset({"no-tokenizer", "no-weights", "unknown-architecture"})
"""What a stage says of a model that transformers cannot load; a server may have code of its own for it."""

FOR_CHATS: Final = frozenset({NO_TEMPLATE, "bad-chat-template"})
"""What a stage says of a template; a server may have been given another."""

TEXT_STAGES: Final = ("chat-512", "chat-16", "completion")
"""Stages in which a server gives a text, the one that proves most first."""

DISK_LIMIT: Final = "disk-limit"
"""How the stage failed in which a run was ended, since it wrote too much."""

GPU_STAGES: Final = frozenset({"devices", "driver", "kernel"})
"""Stages that need a GPU, and say `skipped` where there is none."""


class StageResult(Struct, frozen=True):
    """One stage: `status` is one of the words above, `kind` names how it failed."""

    name: str
    status: str
    seconds: float = 0.0
    kind: str = ""
    detail: str = ""
    values: dict[str, Any] = {}
    wait: Slow | Hang | None = None
    """What it was waiting for when it was late."""

    @property
    def is_broken(self) -> bool:
        """Whether it was reached and did not do what it should."""
        return self.status in {FAILED, HUNG, CRASHED}

    @property
    def gave_text(self) -> bool:
        """Whether it passed with a text that is more than spaces."""
        return self.status == PASSED and bool(str(self.values.get("text", "")).strip())


class ProcessEnd(Struct, frozen=True):
    """How a process of the payload ended."""

    role: str
    code: int | None
    signal: str | None
    last_line: str = ""


class Observation(Struct, frozen=True):
    """Everything that one run of the payload told."""

    stages: tuple[StageResult, ...]
    ends: tuple[ProcessEnd, ...] = ()
    logs: dict[str, str] = {}
    """By role and stream, as `generation stderr`."""
    python: str = ""
    executable: str = ""
    is_complete: bool = False
    """Whether the payload came to its end."""
    strays: tuple[str, ...] = ()
    exit_code: int | None = None
    is_out_of_memory: bool = False
    seconds: float = 0.0
    model: str = ""
    """The image's own model, and how it was found."""
    hub: HubState | None = None
    """What the image's files tell of the hub's cache, where the image names its model as the hub does."""
    was_killed: bool = False
    """Whether the host had to end it."""
    disk_breach: str = ""
    """What it wrote, where it was ended for that; the stage in which it stood is of the kind DISK_LIMIT."""
    is_here: bool = False
    """Whether it is of layerscope's own surroundings, and of no container."""
    gpu_access: str = ""
    """How the container was given GPUs; empty where it was given none."""

    def find(self, name: str) -> StageResult | None:
        """The stage of that name, if it was asked for."""
        return next((stage for stage in self.stages if stage.name == name), None)

    @property
    def broken(self) -> StageResult | None:
        """The first stage that broke: what follows may be its consequence. What a run was ended for comes before it."""
        if self.disk_breach:
            return next((stage for stage in self.stages if stage.kind == DISK_LIMIT), None)
        broken = (stage for stage in self.stages if stage.is_broken and not self.is_refuted(stage))
        return next(broken, None)

    def is_refuted(self, stage: StageResult) -> bool:
        """Whether a server does what a stage holds impossible: what that lacks, the server alone may have."""
        text = self.text_stage
        if stage.status != FAILED or text is None or not stage.name.startswith("own-"):
            return False
        is_chat = text.name.startswith("chat")
        return stage.name == "own-lookup" or stage.kind in FOR_LIBRARY or (stage.kind in FOR_CHATS and is_chat)

    @property
    def text_stage(self) -> StageResult | None:
        """The stage in which a server gave a text; None where it gave none."""
        found = (self.find(name) for name in TEXT_STAGES)
        return next((stage for stage in found if stage is not None and stage.gave_text), None)
