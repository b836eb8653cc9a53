"""ELF023: objects need a newer kernel than some hosts have."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.elf.inventory import ElfInventory, parse_version
from layerscope.facts.elf.object_hazards import KernelDemand
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_count, tell_layer, tell_list, tell_path

NOT_ASKING: Final = (2, 36)
"""The first glibc whose loader does not look: https://sourceware.org/glibc/wiki/Release/2.36"""

OLDEST_ENTERPRISE: Final = (4, 18, 1)
"""What RHEL 8 runs at most; hosts with older kernels are few."""


class DemandingKernel(Rule):
    """Objects need a newer kernel than some hosts have.

    What it checks: The note NT_GNU_ABI_TAG of every object: the oldest kernel it says it runs on. Told are versions
        above 3.10, in images whose glibc is older than 2.36.
    Why it matters: glibc's loader passes over a library whose note asks for a newer kernel than the host's, and says
        "cannot open shared object file: No such file or directory" of a file that is there. A container has the
        host's kernel, whatever its base image is.
    Example: libQt5Core.so.5 (3.17) in an image of Ubuntu 20.04 on a host with CentOS 7 (3.10).
    Remedy: A newer kernel on the host, or the note taken out of the library.
    Fix safety: Review: without the note, calls that the kernel lacks fail one by one.
    Blind spots: What an object needs of the kernel is seldom in a note. Which hosts run the image is not known.
    References: glibc 2.36 NEWS (the check has gone); Linux Standard Base, "Note sections".
    """

    code: ClassVar[str] = "ELF023"
    covers: ClassVar[tuple[int, ...]] = (20,)
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (KernelDemand, ElfInventory)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a version and layer."""
        inventory = facts.find(ElfInventory)
        glibc = inventory.glibc if inventory is not None else None
        if glibc is None or (parse_version(glibc.version) or NOT_ASKING) >= NOT_ASKING:
            return
        for demand in facts.of(KernelDemand):
            named = tell_list(map(tell_path, demand.paths), is_cut=demand.count > len(demand.paths))
            needs, them = ("needs", "it") if demand.count == 1 else ("need", "them")
            message = (
                f"{tell_count(demand.count, 'object')} of {tell_layer(demand.layer, demand.instruction)} {needs} a "
                f"kernel of {demand.kernel} or newer, and glibc {glibc.version} does not load {them} on older ones: "
                f"{named}"
            )
            fix = Fix(
                "Run it on newer hosts, or take the note out",
                (
                    f"On each node: uname -r   ({demand.kernel} or newer)",
                    f"Or: RUN strip --remove-section=.note.ABI-tag {tell_path(demand.paths[0])}",
                ),
                kind=FixKind.HOST_ACTION,
            )
            is_rare = (parse_version(demand.kernel) or ()) < OLDEST_ENTERPRISE
            places = [Evidence(layer=demand.layer, path=path) for path in demand.paths[:SHOWN_LOCATIONS]]
            yield self.finding(message, *places, severity=Severity.INFO if is_rare else self.severity, fixes=(fix,))
