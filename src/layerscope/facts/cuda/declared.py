"""What the image's config declares to the NVIDIA runtime and to CUDA."""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext, shorten_instruction
from layerscope.facts.cuda.requirement import Requirement, parse_requirement
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.formats.secret_text import redact_text

_TRUE: Final = frozenset({"1", "t", "true", "y", "yes", "on"})
_OURS: Final = re.compile(
    r"NVIDIA_\w+|NV_\w+|CUDA_\w+|CUDNN_\w+|NCCL_\w+|TORCH_CUDA_ARCH_LIST|BNB_CUDA_VERSION|TRITON_\w+|CC|TF_FORCE_GPU_\w+|"
    r"JAX_PLATFORMS|XLA_PYTHON_\w+|LIBRARY_PATH|LD_LIBRARY_PATH|PYTORCH_CUDA_ALLOC_CONF"
)
_LABELS: Final = re.compile(r"com\.nvidia\..+|maintainer|org\.opencontainers\.image\.(?:ref\.name|base\.name)")
_REQUIRE: Final = "NVIDIA_REQUIRE_"
VALUE_LIMIT: Final = 4096
"""Characters of a variable's value; NVIDIA_REQUIRE_CUDA has 1,500."""


class DeclaredVariable(Struct, frozen=True):
    """A variable, and the instruction that set it as far as the history shows (empty where it does not)."""

    name: str
    value: str
    instruction: str


class CudaDeclaration(Fact, frozen=True):
    """Variables and labels about GPUs, as the NVIDIA runtime reads them; None is what the image leaves unset."""

    variables: tuple[DeclaredVariable, ...]
    labels: tuple[tuple[str, str], ...]
    requirements: tuple[Requirement, ...]
    visible_devices: str | None
    capabilities: tuple[str, ...] | None
    cuda_version: str
    is_legacy: bool
    """Whether CUDA_VERSION is set and NVIDIA_REQUIRE_CUDA is not: older images, for which the runtime implies both."""
    is_check_disabled: bool

    @property
    def declares_cuda(self) -> bool:
        """Whether it says that it wants GPUs: by a CUDA version, a requirement, or visible devices."""
        return bool(self.cuda_version or self.requirements or self.visible_devices not in {None, "", "void", "none"})

    def find(self, name: str) -> DeclaredVariable | None:
        """The variable of that name that counts."""
        return next((item for item in self.variables if item.name == name), None)


class CudaDeclarationCollector(Collector):
    """Reads the config's environment and labels."""

    name = "cuda.declared"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one declaration, whatever it holds."""
        values: dict[str, str] = {}
        for entry in context.image.config.runtime.env:
            name, _, value = entry.partition("=")
            if _OURS.fullmatch(name):
                values[name] = redact_text(value[:VALUE_LIMIT])
        setters = _find_setters(context, values)
        requirements = [
            parse_requirement(name, value)
            for name, value in sorted(values.items())
            if name.startswith(_REQUIRE) and not name.startswith(f"{_REQUIRE}JETPACK") and value
        ]
        cuda_version = values.get("CUDA_VERSION", "")
        is_legacy = bool(cuda_version) and "NVIDIA_REQUIRE_CUDA" not in values
        implied = re.match(r"\d+\.\d+", cuda_version)
        if is_legacy and implied:
            requirements.append(parse_requirement("CUDA_VERSION", f"cuda>={implied[0]}", is_implied=True))
        capabilities = values.get("NVIDIA_DRIVER_CAPABILITIES")
        yield CudaDeclaration(
            evidence=Evidence(),
            variables=tuple(DeclaredVariable(name, value, setters.get(name, "")) for name, value in values.items()),
            labels=tuple(
                (name, redact_text(value[:VALUE_LIMIT]))
                for name, value in sorted(context.image.config.runtime.labels.items())
                if _LABELS.fullmatch(name)
            ),
            requirements=tuple(requirements),
            visible_devices=values.get("NVIDIA_VISIBLE_DEVICES"),
            capabilities=None if capabilities is None else tuple(filter(None, re.split(r"[,\s]+", capabilities))),
            cuda_version=cuda_version,
            is_legacy=is_legacy,
            is_check_disabled=values.get("NVIDIA_DISABLE_REQUIRE", "").lower() in _TRUE,
        )


def _find_setters(context: FactContext, names: dict[str, str]) -> dict[str, str]:
    """For each variable the last ENV instruction that names it."""
    setters: dict[str, str] = {}
    for step in context.steps:
        if step.instruction.startswith("ENV "):
            for name in re.findall(r"(?:^|\s)(\w+)(?==|\s)", step.instruction[3:]):
                if name in names:
                    setters[name] = shorten_instruction(step.instruction)
    return setters
