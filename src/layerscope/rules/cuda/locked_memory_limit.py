"""CUDA048: the image talks by RDMA, for which a container may lock too little memory."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.rdma_libraries import RdmaLibraries
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.run_settings import STACK_BYTES
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_path


class LockedMemoryLimit(Rule):
    """The image talks by RDMA, for which a container may lock too little memory.

    What it checks: The image holds NCCL and the library of verbs that it opens for InfiniBand and RoCE.
    Why it matters: RDMA pins each buffer that it registers. Most hosts let a process lock 8 MiB, and a container gets
        its engine's limit: "ibv_reg_mr failed: Cannot allocate memory", or NCCL falls back to sockets.
    Example: A training image with rdma-core, started by `docker run` without ulimits on a host with InfiniBand.
    Remedy: Lift the limit when the container is started; nothing in the image can.
    Fix safety: Review: a container that may lock all of the host's memory can take it from others.
    Blind spots: Whether the host has such an adapter, and which limits its engine gives, is not in the image. On one
        host alone, GPUs talk without RDMA.
    References: https://docs.nvidia.com/deeplearning/frameworks/user-guide/index.html ("Setting The Shared Memory
        Flag"); https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html.
    """

    code: ClassVar[str] = "CUDA048"
    covers: ClassVar[tuple[int, ...]] = (88,)
    severity: ClassVar[Severity] = Severity.INFO
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.RECIPE,)
    needs: ClassVar[tuple[type[Fact], ...]] = (RdmaLibraries,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding."""
        found = facts.find(RdmaLibraries)
        if found is None:
            return
        message = (
            f"NCCL ({tell_path(found.nccl)}) opens {tell_path(found.evidence.path or '')} for RDMA, which locks the "
            "memory that it registers"
        )
        fix = Fix(
            "Lift the limit of locked memory",
            (
                f"docker run --ulimit memlock=-1 --ulimit stack={STACK_BYTES} …",
                "Or in a pod, which has no limits of that kind: securityContext: {capabilities: {add: [IPC_LOCK]}}",
            ),
            kind=FixKind.RUN_FLAGS,
        )
        yield self.finding(message, found.evidence, fixes=(fix,))
