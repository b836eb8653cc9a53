"""PROBE021 unavailable-cuda: what it flags and what it lets pass."""

from layerscope.rules.probe.unavailable_cuda import UnavailableCuda
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_unavailable_cuda() -> None:
    """The first missing link is named."""
    (finding,) = flags(
        UnavailableCuda,
        broken(
            "driver",
            kind="no-driver-library",
            title="stage driver fails",
            reason="the GPU's device nodes are there, and libcuda.so.1 is not",
            consequences=("kernel",),
        ),
    )
    assert finding.message == (
        "Stage driver fails: the GPU's device nodes are there, and libcuda.so.1 is not; "
        "therefore not tried: 'CUDA kernel'"
    )
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """A driver that is there and refuses is another rule's."""
    ignores(UnavailableCuda, broken("driver", kind="driver-error"))
