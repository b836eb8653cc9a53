"""PROBE004 exceeded-memory-limit: what it flags and what it lets pass."""

from layerscope.rules.probe.exceeded_memory_limit import ExceededMemoryLimit
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_exceeded_memory_limit() -> None:
    """What the kernel says goes before the signal."""
    (finding,) = flags(
        ExceededMemoryLimit,
        broken(
            "weights",
            outcome="crash",
            kind="crash",
            is_out_of_memory=True,
            title="stage weights ran out of memory",
            reason="the kernel ended a process of the container for want of memory",
            consequences=(),
        ),
    )
    assert (
        finding.message
        == "Stage weights ran out of memory: the kernel ended a process of the container for want of memory"
    )
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """A crash with memory to spare is another rule's."""
    ignores(ExceededMemoryLimit, broken("weights", outcome="crash", kind="crash"))
