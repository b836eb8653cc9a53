"""PROBE003 crashing-stage: what it flags and what it lets pass."""

import pytest

from layerscope.rules.probe.crashing_stage import CrashingStage
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_crashing_stage() -> None:
    """The signal is told in words, and what could not be done."""
    (finding,) = flags(
        CrashingStage,
        broken(
            "imports",
            outcome="crash",
            kind="crash",
            title="stage imports crashes",
            reason="a memory error in native code (SIGSEGV)",
        ),
    )
    assert (
        finding.message == "Stage imports crashes: a memory error in native code (SIGSEGV); therefore not tried: text"
    )
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """A process that the kernel ended for want of memory is told by that."""
    ignores(CrashingStage, broken("imports", outcome="crash", kind="crash", is_out_of_memory=True))


def test_a_silent_end_has_another_cure() -> None:
    """There is no stack to look at."""
    (finding,) = flags(
        CrashingStage, broken("imports", outcome="crash", kind="silent-exit", title="stage imports ends")
    )
    assert "python3 -v" in finding.fixes[0].title


@pytest.mark.parametrize(
    ("stage", "has_stack", "said"),
    [("imports", True, "Look at the stack"), ("imports", False, "python3 -v"), ("decode", False, "printed last")],
)
def test_a_stack_is_named_where_one_was_seen(stage: str, has_stack: bool, said: str) -> None:
    """A process that ends by os._exit() leaves none."""
    (finding,) = flags(CrashingStage, broken(stage, outcome="crash", kind="crash", has_stack=has_stack))
    assert said in finding.fixes[0].title


def test_a_long_message_is_shortened() -> None:
    """Its beginning and its end stay."""
    reason = f"RuntimeError: {'x' * 2000} the end"
    (finding,) = flags(CrashingStage, broken("imports", outcome="crash", kind="crash", reason=reason))
    assert "RuntimeError: xxx" in finding.message
    assert "the end; therefore" in finding.message
    assert len(finding.message) < 400
