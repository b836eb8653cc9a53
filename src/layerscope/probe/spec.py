"""ProbeSpec: what is asked of one image, with which limits and devices."""

import secrets
from typing import Final

import msgspec
from msgspec import Struct

from layerscope.probe.canary_files import MODEL_FILES, read_file, read_golden, read_logits, read_model
from layerscope.probe.collect import GENERATION, ROLES, SYSTEM, TRACE, VISIBILITY
from layerscope.probe.limits import DEADLINES, GRACE, OTHER_STAGE, ContainerLimits, scale
from layerscope.probe.observation import STAGES

CANARY_STAGES: Final = (
    "tokenizer", "weights", "device", "prefill", "decode", "detokenize", "transformers",
)  # fmt: skip
"""Stages that make the canary model generate."""

GENERATORS: Final = ("torch", "transformers")
"""Packages that a generation needs, in the order in which they are imported."""


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
    about: str = ""
    """What is probed, for a report that is made elsewhere."""
    posix_shell: tuple[str, ...] = ()
    """The shell that runs the probe's script where there is no Python, as a command."""
    program: str = ""
    """What the image starts, for the script to look at."""
    looks: bool = False
    """Whether the payload has to find out which of the modules are there."""

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that are asked for, in their order."""
        if self.posix_shell:
            return SHELL_STAGES
        generates = GENERATION in self.roles and "torch" in self.modules
        left_out = set() if generates else set(CANARY_STAGES)
        if "transformers" not in self.modules:
            left_out |= {"tokenizer", "transformers"}
        if GENERATION not in self.roles:
            left_out.add("imports")
        if SYSTEM not in self.roles:
            left_out |= {"env", "devices", "driver", "kernel"}
        if VISIBILITY not in self.roles:
            left_out.add("visibility")
        if TRACE not in self.roles:
            left_out.add("loader")
        return tuple(name for name in STAGES if name not in left_out)

    @property
    def longest(self) -> float:
        """Seconds that a run may take if every stage takes all the time that it is given."""
        hard = sum(scale(DEADLINES.get(name, OTHER_STAGE), self.patience).hard for name in self.stages)
        return hard + len(self.roles) * scale(DEADLINES["start"], self.patience).hard + GRACE

    def list_blobs(self) -> list[bytes]:
        """What goes with the settings: the canary's weights, the logits that they give, and the model's other files."""
        if "torch" not in self.modules:
            return []
        return [read_model(), read_logits(), *(read_file(name) for name in MODEL_FILES[1:])]

    def build_settings(self, nonce: str) -> dict[str, object]:
        """The settings, as the payload reads them."""
        deadlines = {name: scale(each, self.patience) for name, each in DEADLINES.items()}
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
            "files": list(MODEL_FILES),
            "golden": msgspec.to_builtins(read_golden()) if "torch" in self.modules else {},
        }


def make_nonce() -> str:
    """A word that nobody can have known before."""
    return secrets.token_hex(8)
