"""CUDA047: the image fixes how NCCL reaches other GPUs."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.config_edit import SetVariable
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import quote_instruction, tell_list

_HARMS: Final = {
    "NCCL_SOCKET_IFNAME": "hosts whose network has another name wait for each other or find no interface",
    "NCCL_IB_HCA": "hosts whose network adapters have other names go over plain sockets or stop",
    "NCCL_P2P_DISABLE": "GPUs of one host talk by way of its memory, where they could talk directly",
    "NCCL_SHM_DISABLE": "GPUs of one host talk over the network, where they could use its memory",
    "NCCL_IB_DISABLE": "hosts with InfiniBand talk over plain sockets",
    "NCCL_NET_GDR_LEVEL": "the way between GPU and network is the one of the host it was measured on",
    "NCCL_ALGO": "the choice of algorithm is the one of the host it was measured on",
    "NCCL_PROTO": "the choice of protocol is the one of the host it was measured on",
}
_SWITCHES: Final = frozenset({"NCCL_P2P_DISABLE", "NCCL_SHM_DISABLE", "NCCL_IB_DISABLE"})


class HardCodedNcclSetting(Rule):
    """The image fixes how NCCL reaches other GPUs.

    What it checks: Variables in the config that tie NCCL to names and wiring of one host: interfaces and adapters,
        switched-off transports, forced algorithms.
    Why it matters: On other hosts, ranks look for an interface that is not there and wait without a word, or all
        traffic takes the slow way. Such settings are found while looking for a hang on one machine, and travel.
    Example: `ENV NCCL_SOCKET_IFNAME=eth0` in an image for a cluster whose interface is `ens5`.
    Remedy: Set them where the host is known: in the job's or pod's environment, or in the host's /etc/nccl.conf.
    Fix safety: Review: a cluster may rely on the setting.
    Blind spots: Values that start scripts or /etc/nccl.conf set are not seen. Interfaces that are left out, as in
        `^docker0,lo`, and variables of debugging are let pass.
    References: https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html; vllm-project/vllm issue 8058.
    """

    code: ClassVar[str] = "CUDA047"
    covers: ClassVar[tuple[int, ...]] = (35,)
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (CudaDeclaration,)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding, for all variables."""
        declaration = facts.find(CudaDeclaration)
        found = [each for each in declaration.variables if each.name in _HARMS] if declaration is not None else []
        fixed = [each for each in found if _is_fixed(each.name, each.value.strip())]
        if not fixed:
            return
        first = fixed[0]
        said = f" ({quote_instruction(first.instruction)})" if first.instruction else ""
        named = tell_list(f"{each.name}={each.value}" for each in fixed)
        fix = Fix(
            "Set it where the host is known",
            (
                f"Remove {tell_list((each.name for each in fixed), shown=len(_HARMS))} from ENV",
                f"docker run -e {first.name}={first.value} …   or a line in the host's /etc/nccl.conf",
            ),
            kind=FixKind.CONFIG_EDIT,
            edits=tuple(SetVariable(each.name) for each in fixed),
        )
        yield self.finding(f"The config sets {named}{said}: {_HARMS[first.name]}", Evidence(), fixes=(fix,))


def _is_fixed(name: str, value: str) -> bool:
    """Whether a value binds containers to one kind of host."""
    return value not in {"", "0"} if name in _SWITCHES else bool(value) and not value.startswith("^")
