"""ELF020 executable-stack: what it flags and what it lets pass."""

from typing import Final

from msgspec.structs import replace

from layerscope.facts.elf.inventory import ElfInventory, SymbolVersion
from layerscope.facts.elf.object_hazards import StackDemand
from layerscope.facts.fact import Evidence
from layerscope.rules.elf.executable_stack import ExecutableStack
from layerscope.rules.severity import Severity
from support.cases import flags, ignores

GLIBC: Final = SymbolVersion("GLIBC", "2.41", "usr/lib/x86_64-linux-gnu/libc.so.6", 0)
INVENTORY: Final = ElfInventory(Evidence(0, "bin/sh"), 2, ((62, 2),), ((3, 2),), (), 0, (), (), GLIBC)
DEMAND: Final = StackDemand(
    evidence=Evidence(2, "opt/site-packages/ct.so"),
    path="opt/site-packages/ct.so",
    layer=2,
    instruction="RUN pip install ct",
    is_absent=False,
    is_python=True,
)


def test_flags_a_module_that_cannot_be_imported() -> None:
    """From glibc 2.41 on, dlopen refuses it."""
    (finding,) = flags(ExecutableStack, INVENTORY, DEMAND)
    assert finding.message == (
        "1 shared object of layer 2 (RUN pip install ct) asks for an executable stack, which dlopen refuses with "
        "glibc 2.41: /opt/site-packages/ct.so"
    )
    assert finding.severity is Severity.HIGH


def test_tells_other_libraries_with_less_weight() -> None:
    """Programs that are linked to them still start."""
    other = replace(DEMAND, is_python=False, path="usr/lib/libx.so")
    first, second = flags(ExecutableStack, INVENTORY, DEMAND, other, replace(other, path="usr/lib/liby.so"))
    assert first.severity is Severity.MEDIUM
    assert "2 shared objects of layer 2" in first.message
    assert second.severity is Severity.HIGH


def test_ignores_them_with_an_older_glibc() -> None:
    """It made the stack executable and went on; without glibc nothing is known."""
    older = replace(INVENTORY, glibc=replace(GLIBC, version="2.40"))
    ignores(ExecutableStack, older, DEMAND)
    ignores(ExecutableStack, replace(INVENTORY, glibc=None), DEMAND)
    ignores(ExecutableStack, DEMAND)
    ignores(ExecutableStack, INVENTORY)
