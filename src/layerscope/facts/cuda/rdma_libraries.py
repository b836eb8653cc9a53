"""Libraries by which GPUs of several hosts talk past the kernel: RDMA pins the memory that it registers."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.cuda.library_names import read_library_name
from layerscope.facts.cuda.marked_paths import find_marked_paths
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.layers.entry import EntryType

_VERBS: Final = "libibverbs.so.1"
"""What NCCL opens for InfiniBand and RoCE: https://github.com/NVIDIA/nccl/blob/master/src/misc/ibvwrap.cc."""


class RdmaLibraries(Fact, frozen=True):
    """NCCL together with the verbs of RDMA; the evidence is the library of verbs, `nccl` the path of NCCL."""

    nccl: str


class RdmaLibraryCollector(Collector):
    """Looks for both by their names."""

    name = "cuda.rdma-libraries"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield at most one fact, of the first of each."""
        objects = context.shared(find_marked_paths).objects
        verbs = next((path for path in objects if path.endswith(f"/{_VERBS}")), None)
        node = None if verbs is None else context.tree.resolve(verbs)
        nccl = next((path for path in objects if _is_nccl(path.rpartition("/")[2])), None)
        if node is not None and node.type is EntryType.FILE and nccl is not None:
            yield RdmaLibraries(Evidence(node.layer, verbs), nccl)


def _is_nccl(name: str) -> bool:
    found = read_library_name(name)
    return found is not None and found.part == "nccl"
