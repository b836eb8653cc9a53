"""CUDA039 build-time-gpu-query: what it flags and what it lets pass."""

import pytest

from layerscope.facts.config.build_history import BuildHistory, RecordedStep
from layerscope.facts.fact import Evidence
from layerscope.rules.cuda.build_time_gpu_query import BuildTimeGpuQuery
from support.cases import flags, ignores


def history(instruction: str) -> BuildHistory:
    """One step of layer 0."""
    return BuildHistory(Evidence(), (RecordedStep(0, 0, None, instruction),), 1, None)


@pytest.mark.parametrize(
    ("instruction", "query"),
    [
        ("RUN nvidia-smi", "nvidia-smi"),
        ('RUN python -c "import torch; print(torch.cuda.is_available())"', "torch.cuda.is_available"),
        (
            "RUN python -c \"import tensorflow as tf; tf.config.list_physical_devices('GPU')\"",
            "list_physical_devices('GPU",
        ),
    ],
)
def test_flags_a_query_in_a_build_step(instruction: str, query: str) -> None:
    """Builders have no GPU."""
    (finding,) = flags(BuildTimeGpuQuery, history(instruction))
    assert finding.message == f"The step of layer 0 ({instruction}) asks for a GPU while building: {query}"


@pytest.mark.parametrize(
    "instruction", ["CMD nvidia-smi", "RUN apt-get install -y nvidia-smi-exporter", "RUN rm -f /opt/nvidia-smi.sh"]
)
def test_ignores_what_runs_later_or_is_called_alike(instruction: str) -> None:
    """A container has what a build has not."""
    ignores(BuildTimeGpuQuery, history(instruction))
