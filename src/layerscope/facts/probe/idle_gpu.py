"""IdleGpu: a GPU that was there and worked, and a generation that was made on the CPU all the same."""

from layerscope.facts.fact import Fact


class IdleGpu(Fact, frozen=True):
    """The GPUs by name; for which CUDA PyTorch was built (empty: for none), and why it does not use them."""

    gpus: tuple[str, ...]
    cuda: str
    reason: str
