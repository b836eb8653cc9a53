"""ELF013: the loader that programs ask for is not in the image."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.elf.foreign_objects import MissingLoader
from layerscope.facts.elf.roots import RootKind
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import begin, tell_count, tell_layer, tell_path


class MissingElfInterpreter(Rule):
    """The loader that programs ask for is not in the image.

    What it checks: The ELF interpreter that each dynamically linked program names is a file of the image.
    Why it matters: The kernel says of the program itself "no such file or directory", although it is there: what it
        misses is the loader. Programs made for glibc do not start on Alpine, those for musl not on Debian, and
        neither in an image without any libraries.
    Example: A Go or Rust program built on Debian and copied to `alpine` or `scratch`.
    Remedy: Build for the final stage's C library, link statically, or take a base that has the loader.
    Fix safety: Review: another base or another build.
    Blind spots: Programs in other formats that the kernel starts by binfmt_misc are not looked at. Nothing is said
        where a layer could not be read.
    References: execve(2), ENOENT; Go wiki, "Static linking with cgo"; rustup target x86_64-unknown-linux-musl.
    """

    code: ClassVar[str] = "ELF013"
    covers: ClassVar[tuple[int, ...]] = (21,)
    severity: ClassVar[Severity] = Severity.LOW
    ends_gpu_work: ClassVar[Severity | None] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (MissingLoader, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding an interpreter."""
        if has_unread_layers(facts):
            return
        for fact in facts.of(MissingLoader):
            first, others = fact.examples[0], fact.programs - 1
            subject = f"the {'entrypoint' if fact.kind is RootKind.ENTRY else 'program'} {tell_path(first.path)}"
            more = f" and {tell_count(others, 'other')}" if others else ""
            verb = "need" if others else "needs"
            gone = (
                f"which layer {fact.removed_by} removed" if fact.removed_by is not None else "which is not in the image"
            )
            message = (
                f"{begin(subject)}{more} (from {tell_layer(first.layer, first.instruction)}) {verb} the loader "
                f"{fact.interpreter}, {gone}: the kernel will say that the program is not there"
            )
            fix = Fix(
                "Build for the C library of the final stage",
                (
                    "FROM the final base AS build   (or CGO_ENABLED=0 for Go, a musl target for Rust)",
                    f"Or a base that has {fact.interpreter}",
                ),
            )
            places = [Evidence(layer=place.layer, path=place.path) for place in fact.examples]
            if fact.removed_by is not None:
                places.insert(0, Evidence(layer=fact.removed_by, path=fact.interpreter.strip("/")))
            yield self.finding(message, *places, severity=_judge(fact.kind), fixes=(fix,))


def _judge(kind: RootKind) -> Severity:
    """Without its entrypoint a container does not start."""
    if kind is RootKind.ENTRY:
        return Severity.CRITICAL
    return Severity.MEDIUM if kind is RootKind.PROGRAM else Severity.LOW
