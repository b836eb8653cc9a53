"""ELF022: a program or library ends before its headers say."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.elf.object_hazards import CutObject
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_layer, tell_path, tell_size

FIX: Final = Fix(
    "Build the step again that wrote the file, without its cache",
    (
        "docker build --no-cache .   (or --no-cache-filter STAGE for the stage that downloads or copies it)",
        "If it was downloaded: check it against its digest before it is unpacked, as in: sha256sum --check SHA256SUMS",
    ),
    kind=FixKind.REBUILD,
)


class TruncatedObject(Rule):
    """A program or library ends before its headers say.

    What it checks: Every ELF program and shared object is as long as its program headers and section headers say.
    Why it matters: The loader refuses the file ("file too short", "cannot read file data"), or maps it, and the
        process dies with a bus error where the missing part is touched. The layer's digests are right all the same:
        the file was cut before it was packed.
    Example: A wheel of 2 GB from a broken download, or `COPY` beside a full disk of the build machine.
    Remedy: Fetch the file again, and build the step without its cache, in which the cut file is kept.
    Fix safety: Review: the missing bytes have to come from elsewhere.
    Blind spots: A file that lost its middle, or whose bytes were altered, has its length. Some programs that shrink
        objects leave section headers behind that point nowhere; such objects load, and are told with less weight.
    References: System V ABI, "Program Header"; glibc, elf/dl-load.c.
    """

    code: ClassVar[str] = "ELF022"
    covers: ClassVar[tuple[int, ...]] = (56,)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.REBUILD,)
    severity: ClassVar[Severity] = Severity.CRITICAL
    ends_gpu_work: ClassVar[Severity | None] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (CutObject,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding an object."""
        for cut in facts.of(CutObject):
            made = f"{tell_path(cut.path)} of {tell_layer(cut.layer, cut.instruction)}"
            if not cut.missing:
                message = f"{made} ends after {tell_size(cut.size)}, inside its ELF header"
                yield self.finding(message, cut.evidence, severity=Severity.HIGH, fixes=(FIX,))
            elif cut.missing_loaded:
                message = f"{made} has {tell_size(cut.size)}, and {tell_size(cut.missing)} of it are missing"
                brief = f"{tell_path(cut.path)} is cut off"
                yield self.finding(message, cut.evidence, fixes=(FIX,), concerns=(cut.path,), brief=brief)
            else:
                message = (
                    f"{made} lacks the last {tell_size(cut.missing)} that its headers tell of, none of them loaded"
                )
                yield self.finding(
                    message, cut.evidence, severity=Severity.MEDIUM, confidence=Confidence.MEDIUM, fixes=(FIX,)
                )
