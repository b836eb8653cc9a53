"""CONF004: the program that the container should start is not there or cannot be run."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.config.process import Process
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.system.programs import Program, ProgramState
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_path

NAME_PROGRAM: Final = Fix(
    "Name the program that the image is for",
    ('ENTRYPOINT ["/usr/local/bin/PROGRAM"]   or CMD ["PROGRAM", "ARGUMENT"]',),
    kind=FixKind.CONFIG_EDIT,
)


class MissingEntrypoint(Rule):
    """The program that the container should start is not there or cannot be run.

    What it checks: The first word of entrypoint and command, looked up as the runtime does it (through PATH or the
        working directory, links followed inside the image), is a regular file with execute permission. So is the
        program of a shell form that names one by its full path, and that of an exec-form health check.
    Why it matters: The container stops before it says anything: "exec: "serve": executable file not found in
        $PATH", "no such file or directory", "permission denied", exit code 126 or 127.
    Example: `ENTRYPOINT ["/app/start.sh"]`, and `COPY start.sh /app/` of a file without execute permission.
    Remedy: Copy or install the program at the path that is named, and make it executable where it is copied.
    Fix safety: Review: either the path or the file may be the wrong one.
    Blind spots: A volume or an init container may bring the program when the container starts. Arguments that name
        files, and programs that an entry script starts, are not looked up. Nothing is said where a layer could not
        be read.
    References: execve(2); Docker, "Exit status" 125 to 127.
    """

    code: ClassVar[str] = "CONF004"
    covers: ClassVar[tuple[int, ...]] = (55, 58)
    severity: ClassVar[Severity] = Severity.HIGH
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (Process, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each program that cannot be run."""
        process = facts.find(Process)
        if process is None or has_unread_layers(facts):
            return
        if process.program is None:
            message = (
                "The config names neither entrypoint nor command, so the image starts only with a command given to it"
            )
            yield self.finding(message, Evidence(), severity=Severity.INFO, fixes=(NAME_PROGRAM,))
        elif process.program.state is not ProgramState.FOUND:
            yield self._report(process.program, f"The {process.origin}")
        elif process.inner is not None and process.inner.state is not ProgramState.FOUND:
            yield self._report(process.inner, f"The shell form of the {process.origin}", confidence=Confidence.MEDIUM)
        if process.health_program is not None and process.health_program.state is not ProgramState.FOUND:
            yield self._report(process.health_program, "The health check", severity=Severity.MEDIUM)

    def _report(
        self,
        program: Program,
        who: str,
        *,
        severity: Severity | None = None,
        confidence: Confidence | None = None,
    ) -> Finding:
        """The finding for one program."""
        return self.finding(
            f"{who} starts {program.word}, {explain_state(program)}",
            Evidence(layer=program.layer if program.layer is not None else program.removed_by, path=program.path),
            severity=severity,
            confidence=confidence,
            fixes=(_suggest(program),),
        )


def explain_state(program: Program) -> str:
    """Why the program cannot be run."""
    path = tell_path(program.path) if program.path else "any folder of PATH"
    if program.state is ProgramState.NOT_EXECUTABLE:
        return f"but {path} has no execute permission (mode {program.mode & 0o7777:04o})"
    if program.state is ProgramState.NOT_A_FILE:
        return f"but {path} is not a regular file"
    if program.link_target is not None:
        return f"but {path} is a link to {program.link_target}, which is not in the image"
    if program.removed_by is not None:
        return f"but layer {program.removed_by} removed {path}"
    return "which is in no folder of PATH" if "/" not in program.word else f"but no layer has {path}"


def _suggest(program: Program) -> Fix:
    """Bring the program, or make it executable."""
    path = tell_path(program.path) if program.path else program.word
    if program.state is ProgramState.NOT_EXECUTABLE:
        kept = "Or keep the permission in the repository: git update-index --chmod=+x FILE"
        return Fix(f"Make {path} executable where it is copied", (f"COPY --chmod=0755 … {path}", kept))
    return Fix(
        f"Bring {program.word} into the image, or name the right path",
        (
            f"COPY --chmod=0755 … {path}   or install the package that has it, in the final stage",
            "Look where it went: layerscope tree IMAGE, and narrow any deletion that takes it along.",
        ),
    )
