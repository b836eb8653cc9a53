"""CUDA048 locked-memory-limit: what it flags and what it lets pass."""

from layerscope.facts.cuda.rdma_libraries import RdmaLibraryCollector
from layerscope.rules.cuda.locked_memory_limit import LockedMemoryLimit
from layerscope.rules.fix import FixKind
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.contexts import collect, make_context
from support.tar_member import file, symlink

NCCL = file("usr/lib/libnccl.so.2", b"\x7fELF")
VERBS = file("usr/lib/libibverbs.so.1", b"\x7fELF")


def test_flags_nccl_with_verbs() -> None:
    """As information: whether the host has such an adapter is not in the image."""
    (finding,) = flags(LockedMemoryLimit, *collect(RdmaLibraryCollector, make_context((NCCL, VERBS))))
    assert finding.severity is Severity.INFO
    assert finding.fixes[0].kind is FixKind.RUN_FLAGS
    assert finding.fixes[0].steps[0] == "docker run --ulimit memlock=-1 --ulimit stack=67108864 …"


def test_ignores_one_without_the_other() -> None:
    """Neither alone talks by RDMA, and a link that leads nowhere is no library."""
    gone = symlink("usr/lib/libibverbs.so.1", "libibverbs.so.1.14")
    for files in ((NCCL,), (VERBS,), (NCCL, gone)):
        ignores(LockedMemoryLimit, *collect(RdmaLibraryCollector, make_context(files)))
