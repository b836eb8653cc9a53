"""ELF020: a shared object asks for an executable stack, which the image's glibc refuses."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.elf.inventory import ElfInventory, parse_version
from layerscope.facts.elf.object_hazards import StackDemand
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_count, tell_layer, tell_list, tell_path

REFUSING: Final = (2, 41)
"""The first glibc that refuses: https://sourceware.org/glibc/wiki/Release/2.41"""


class ExecutableStack(Rule):
    """A shared object asks for an executable stack, which the image's glibc refuses.

    What it checks: The program header PT_GNU_STACK of every shared object for the image's machine: it is there, and
        without the executable bit. Only where the image's C library is glibc 2.41 or newer.
    Why it matters: From 2.41 on, dlopen fails for such an object: "cannot enable executable stack as shared object
        requires: Invalid argument". Python cannot import the module; before, the same file loaded without a word.
    Example: ctranslate2 4.4 on Debian 13 or Ubuntu 25.04; libraries with hand-written assembly.
    Remedy: A newer release of the package, or a base image with an older glibc. The flag is nearly always an
        oversight in assembly sources and can be cleared.
    Fix safety: Review: a few libraries build code on the stack, and crash once the flag is cleared.
    Blind spots: Whether anything loads the object is not known. An object that the program itself is linked to, and
        not one that it opens, is still allowed its stack. Nothing is said of musl, which ignores the header.
    References: glibc 2.41 NEWS; OpenNMT/CTranslate2 issue 1849; m-bain/whisperX issue 1038.
    """

    code: ClassVar[str] = "ELF020"
    severity: ClassVar[Severity] = Severity.HIGH
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (ElfInventory, StackDemand)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer for objects of Python, and one for others, which are less likely to be opened."""
        inventory = facts.find(ElfInventory)
        glibc = inventory.glibc if inventory is not None else None
        if glibc is None or (parse_version(glibc.version) or ()) < REFUSING:
            return
        groups: dict[tuple[int, bool], list[StackDemand]] = {}
        for demand in facts.of(StackDemand):
            groups.setdefault((demand.layer, demand.is_python), []).append(demand)
        for (layer, is_python), demands in sorted(groups.items()):
            named = tell_list(tell_path(each.path) for each in demands)
            made = tell_layer(layer, demands[0].instruction)
            wants = "asks" if len(demands) == 1 else "ask"
            message = (
                f"{tell_count(len(demands), 'shared object')} of {made} {wants} for an executable stack, "
                f"which dlopen refuses with glibc {glibc.version}: {named}"
            )
            places = [each.evidence for each in demands[:SHOWN_LOCATIONS]]
            severity = self.severity if is_python else Severity.MEDIUM
            yield self.finding(
                message,
                *places,
                severity=severity,
                fixes=_suggest(demands[0].path),
                concerns=tuple(each.path for each in demands),
            )


def _suggest(path: str) -> tuple[Fix, ...]:
    """A newer package, or a cleared flag."""
    return (
        Fix(
            "Install a release of the package that was built without it",
            ("Raise the package's version in requirements.txt, or take a base image with glibc 2.40 or older.",),
        ),
        Fix(
            "Clear the flag in the image",
            (
                f"RUN patchelf --clear-execstack {tell_path(path)}   (apt-get install patchelf, 0.15 or newer)",
                "Or with glibc 2.42: ENV GLIBC_TUNABLES=glibc.rtld.execstack=2",
            ),
        ),
    )
