"""CUDA039: a build step asks for a GPU, which builds do not have."""

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.config.build_history import BuildHistory
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_layer

_QUERIES: Final = re.compile(
    r"(?<![\w./-])(?:/usr/bin/)?nvidia-smi(?![\w.-])|torch\.cuda\.(?:is_available|device_count|get_device_\w+)|"
    r"list_physical_devices\(['\"]GPU|jax\.devices\(|cudaGetDeviceCount|(?<![\w./-])deviceQuery"
)


class BuildTimeGpuQuery(Rule):
    """A build step asks for a GPU, which builds do not have.

    What it checks: RUN instructions of the history that call `nvidia-smi`, or ask torch, TensorFlow or JAX for
        devices.
    Why it matters: Builders have no GPU, or another one than the hosts: what the step decides by the answer (an
        architecture list, a CPU build) is baked into the image.
    Example: `RUN python -c "import torch; assert torch.cuda.is_available()"`.
    Remedy: Decide by build arguments, and ask for devices when the container starts.
    Fix safety: Review: what the step decided has to be decided elsewhere.
    Blind spots: Scripts that a step runs are not read, and long instructions are known only by their beginning. A
        step that prints the answer and goes on does no harm.
    References: https://docs.docker.com/build/; https://pytorch.org/docs/stable/cpp_extension.html (architectures).
    """

    code: ClassVar[str] = "CUDA039"
    covers: ClassVar[tuple[int, ...]] = (32,)
    severity: ClassVar[Severity] = Severity.LOW
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (BuildHistory,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each step."""
        history = facts.find(BuildHistory)
        for step in history.steps if history is not None else ():
            match = _QUERIES.search(step.instruction) if step.instruction.startswith("RUN ") else None
            if match is not None:
                fix = Fix(
                    "Ask when the container starts",
                    (
                        "Take the query out of the RUN instruction; put it into the entrypoint, or a health check",
                        'Name architectures by hand: ARG TORCH_CUDA_ARCH_LIST="8.0;8.6;9.0+PTX"',
                    ),
                )
                yield self.finding(
                    f"The step of {tell_layer(step.layer, step.instruction)} asks for a GPU while building: {match[0]}",
                    Evidence(step.layer),
                    fixes=(fix,),
                )
