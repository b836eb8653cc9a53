"""ProbeSpec: what is asked of one image, with which limits and devices."""

import secrets
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from layerscope.probe.canary_files import MODEL_FILES, read_file, read_golden, read_logits, read_model
from layerscope.probe.collect import BATCH, GENERATION, MODEL, ROLES, SERVING, SYSTEM, TRACE, VISIBILITY
from layerscope.probe.concealment import Secrets
from layerscope.probe.hub_state import HubState
from layerscope.probe.limits import (
    DEADLINES,
    GRACE,
    OTHER_STAGE,
    ContainerLimits,
    Deadline,
    scale,
    time_weights,
)
from layerscope.probe.model_search import ModelTarget
from layerscope.probe.observation import STAGES
from layerscope.probe.serving_spec import SERVING_STAGES, ServingSpec

CANARY_STAGES: Final = (
    "tokenizer", "weights", "device", "prefill", "decode", "detokenize", "transformers",
)  # fmt: skip
"""Stages that make the canary model generate."""

OWN_STAGES: Final = tuple(name for name in STAGES if name.startswith("own-"))
"""Stages of the image's own model."""

GENERATORS: Final = ("torch", "transformers")
"""Packages that a generation needs, in the order in which they are imported."""

OTHER_GENERATORS: Final = ("onnxruntime", "jax", "tensorflow")
"""Packages of which the first that is there generates where PyTorch is not."""

ENGINES: Final = ("torch", *OTHER_GENERATORS)

DISTRIBUTIONS: Final = {
    "onnxruntime-gpu": "onnxruntime", "tensorflow-cpu": "tensorflow", "tensorflow-gpu": "tensorflow",
    "tf-nightly": "tensorflow",
}  # fmt: skip
"""Distributions whose package has another name."""


def choose_modules(names: Iterable[str]) -> tuple[str, ...]:
    """Of packages, those that are imported: PyTorch's, or else one other engine."""
    found = set(names)
    if "torch" in found:
        return tuple(name for name in GENERATORS if name in found)
    return next(((name,) for name in OTHER_GENERATORS if name in found), ())


SHELL_STAGES: Final = ("env", "devices", "driver", "loader")
"""What a shell can look at."""


class ProbeSpec(Struct, frozen=True):
    """What is asked: `modules` are imported, `device` is `auto`, `cuda` or `cpu`."""

    interpreter: str
    modules: tuple[str, ...] = ()
    device: str = "auto"
    roles: tuple[str, ...] = ROLES
    limits: ContainerLimits = ContainerLimits()
    patience: float = 1.0
    """Factor on every deadline."""
    model: ModelTarget | None = None
    """The image's own model; asked for in the role `model`."""
    model_note: str = ""
    """What a report says of it: how it was found, or why not."""
    hub: HubState | None = None
    """What the image's files tell of the hub's cache, where its model is named as the hub does."""
    wanted_model: str | None = None
    """The model as the user names it."""
    max_batch: int = 0
    """The largest batch that is tried, in the role `batch`."""
    about: str = ""
    """What is probed, for a report that is made elsewhere."""
    posix_shell: tuple[str, ...] = ()
    """The shell that runs the probe's script where there is no Python, as a command."""
    relay: tuple[str, ...] = ()
    """The program of an image without Python that makes a connection inside the container, as a command."""
    program: str = ""
    """What the image starts, for the script to look at."""
    looks: bool = False
    """Whether the payload has to find out which of the modules are there."""
    serving: ServingSpec | None = None
    """The server that the role `serving` asks."""
    secrets: Secrets = Secrets()
    """What is known to be secret in the environment of what is probed."""

    @property
    def key(self) -> str:
        """The key of the server that is asked, if it wants one."""
        return self.serving.key.value if self.serving is not None else ""

    @property
    def asks_from_outside(self) -> bool:
        """Whether the image starts a server, and has no Python to ask it with."""
        return bool(self.posix_shell) and self.serving is not None and SERVING in self.roles

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that are asked for, in their order."""
        asked = self.serving.stages if self.serving is not None and SERVING in self.roles else ()
        if self.posix_shell:
            return (*(SHELL_STAGES if SYSTEM in self.roles else ()), *asked)
        generates = GENERATION in self.roles and self.generates
        left_out = set() if generates else set(CANARY_STAGES)
        if "transformers" not in self.modules:
            left_out |= {"tokenizer", "transformers"}
        if GENERATION not in self.roles:
            left_out.add("imports")
        if SYSTEM not in self.roles:
            left_out |= {"env", "devices", "driver", "kernel"}
        if VISIBILITY not in self.roles:
            left_out.add("visibility")
        if BATCH not in self.roles:
            left_out.add("batch")
        left_out |= set(OWN_STAGES) - self._own_stages
        if TRACE not in self.roles:
            left_out.add("loader")
        left_out |= set(SERVING_STAGES) - set(asked)
        return tuple(name for name in STAGES if name not in left_out)

    @property
    def _own_stages(self) -> set[str]:
        """Those of the image's own model: without a name there is nothing to look up, and without a folder all else."""
        if MODEL not in self.roles:
            return set()
        if self.model is None or not self.model.name:
            return set(OWN_STAGES) - {"own-lookup"}
        return set(OWN_STAGES) if self.model.folder else {"own-lookup"}

    @property
    def generates(self) -> bool:
        """Whether one of the packages is a way to make the canary generate."""
        return any(name in self.modules for name in ENGINES)

    @property
    def longest(self) -> float:
        """Seconds that a run may take if every stage takes all the time that it is given."""
        deadlines = self._deadlines
        hard = sum(deadlines.get(name, scale(OTHER_STAGE, self.patience)).hard for name in self.stages)
        hard += max(0, count_attempts(self.max_batch) - 1) * deadlines["batch"].hard
        return hard + len(self.roles) * self._start.hard + GRACE

    @property
    def _start(self) -> Deadline:
        return scale(DEADLINES["start"], max(1.0, self.patience))

    @property
    def _deadlines(self) -> dict[str, Deadline]:
        """Of each stage; that of loading a model grows with it."""
        found = {name: scale(each, self.patience) for name, each in DEADLINES.items()}
        found["start"] = self._start  # who is impatient with an image gives its Python no less time to start
        if self.model is not None:
            found["own-weights"] = scale(time_weights(self.model.size), self.patience)
        return found

    def list_blobs(self) -> list[bytes]:
        """What goes with the settings: the canary's weights, the logits that they give, and the model's other files."""
        if not self.generates:
            return []
        return [read_model(), read_logits(), *(read_file(name) for name in MODEL_FILES[1:])]

    def build_settings(self, nonce: str) -> dict[str, object]:
        """The settings, as the payload reads them."""
        deadlines = self._deadlines
        return {
            "nonce": nonce,
            "roles": list(self.roles),
            "modules": list(self.modules),
            "asked": list(self.stages),
            "about": self.about,
            "looks": self.looks,
            "device": self.device,
            "deadlines": {
                **{name: [each.soft, each.hard] for name, each in deadlines.items()},
                "default": [scale(OTHER_STAGE, self.patience).soft, scale(OTHER_STAGE, self.patience).hard],
            },
            "max_batch": self.max_batch,
            "model": msgspec.to_builtins(self.model) if self.model is not None else {},
            "files": list(MODEL_FILES),
            "golden": msgspec.to_builtins(read_golden()) if self.generates else {},
            "role_flags": {SERVING: ["-I", "-S"]},  # nothing of the image shall stand before the standard library
            "serving": self.serving.build_settings(f"layerscope-{nonce[:8]}") if self.serving is not None else None,
        }


def count_attempts(most: int) -> int:
    """Processes that the search for the largest batch starts at most: one for each halving, and two to refine."""
    return most.bit_length() + 2 if most else 0


def make_nonce() -> str:
    """A word that nobody can have known before."""
    return secrets.token_hex(8)
