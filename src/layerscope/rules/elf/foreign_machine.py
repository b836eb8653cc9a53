"""ELF014: programs are compiled for another machine than the image says it is for."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.elf.foreign_objects import ForeignPrograms
from layerscope.facts.elf.roots import RootKind
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import begin, tell_count, tell_layer, tell_path


class ForeignMachine(Rule):
    """Programs are compiled for another machine than the image's.

    What it checks: The machine in the ELF header of the entrypoint and of every program against the architecture in
        the image's config.
    Why it matters: "exec format error": the kernel does not start them. Where the whole image is of the other machine
        and only the config is wrong, engines choose it for the wrong hosts.
    Example: `COPY bin/serve /usr/local/bin/` of a program that was built on an arm64 laptop, in an image for amd64;
        `FROM --platform=linux/arm64` left in a Dockerfile.
    Remedy: Build for the platform of the image: `docker build --platform`, TARGETARCH in cross-compiling stages.
    Fix safety: Review: the build has to be made anew.
    Blind spots: Hosts with emulation (qemu by binfmt_misc) start them all the same, slowly. Tools that hold helpers
        for many machines on purpose have them off the PATH, where they count as information.
    References: https://docs.docker.com/build/building/multi-platform/; execve(2), ENOEXEC.
    """

    code: ClassVar[str] = "ELF014"
    covers: ClassVar[tuple[int, ...]] = (27,)
    severity: ClassVar[Severity] = Severity.INFO
    ends_gpu_work: ClassVar[Severity | None] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (ForeignPrograms,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a machine."""
        for fact in facts.of(ForeignPrograms):
            first, others = fact.examples[0], fact.programs - 1
            subject = f"the {'entrypoint' if fact.kind is RootKind.ENTRY else 'program'} {tell_path(first.path)}"
            more = f" and {tell_count(others, 'other')}" if others else ""
            verb = "are" if others else "is"
            message = (
                f"{begin(subject)}{more} (from {tell_layer(first.layer, first.instruction)}) {verb} "
                f"compiled for {fact.machine}, and the image is for {fact.architecture}: exec format error"
            )
            fix = Fix(
                f"Build for {fact.architecture}",
                (
                    f"docker build --platform linux/{fact.architecture} .",
                    f"In a cross-compiling stage: RUN GOARCH={fact.architecture} go build …   (ARG TARGETARCH)",
                ),
                kind=FixKind.REBUILD,
            )
            places = [Evidence(layer=place.layer, path=place.path) for place in fact.examples]
            yield self.finding(message, *places, severity=_judge(fact.kind), fixes=(fix,))


def _judge(kind: RootKind) -> Severity:
    """Without its entrypoint a container does not start; a program that is named by its path may be for elsewhere."""
    if kind is RootKind.ENTRY:
        return Severity.CRITICAL
    return Severity.MEDIUM if kind is RootKind.PROGRAM else Severity.INFO
