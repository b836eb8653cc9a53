"""ELF023 demanding-kernel: what it flags and what it lets pass."""

from typing import Final

from msgspec.structs import replace

from layerscope.facts.elf.inventory import ElfInventory, SymbolVersion
from layerscope.facts.elf.object_hazards import KernelDemand
from layerscope.facts.fact import Evidence
from layerscope.rules.elf.demanding_kernel import DemandingKernel
from layerscope.rules.severity import Severity
from support.cases import flags, ignores

GLIBC: Final = SymbolVersion("GLIBC", "2.31", "usr/lib/x86_64-linux-gnu/libc.so.6", 0)
INVENTORY: Final = ElfInventory(Evidence(0, "bin/sh"), 2, ((62, 2),), ((3, 2),), (), 0, (), (), GLIBC)
QT: Final = KernelDemand(Evidence(2, "usr/lib/libQt5Core.so.5"), "5.4.0", 2, "RUN apt", 1, ("usr/lib/libQt5Core.so.5",))


def test_flags_what_older_hosts_do_not_load() -> None:
    """Versions that nearly all hosts have are for information."""
    (finding,) = flags(DemandingKernel, INVENTORY, QT)
    assert finding.message == (
        "1 object of layer 2 (RUN apt) needs a kernel of 5.4.0 or newer, and glibc 2.31 does not load it on older "
        "ones: /usr/lib/libQt5Core.so.5"
    )
    assert finding.severity is Severity.LOW
    assert flags(DemandingKernel, INVENTORY, replace(QT, kernel="3.17.0"))[0].severity is Severity.INFO


def test_ignores_a_glibc_that_does_not_look() -> None:
    """And an image without one."""
    ignores(DemandingKernel, replace(INVENTORY, glibc=replace(GLIBC, version="2.36")), QT)
    ignores(DemandingKernel, replace(INVENTORY, glibc=None), QT)
    ignores(DemandingKernel, INVENTORY)
