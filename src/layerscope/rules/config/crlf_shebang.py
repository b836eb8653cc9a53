"""CONF007: a script's first line ends as on Windows."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.config.process import Process
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.system.programs import Program, ProgramState
from layerscope.facts.system.scripts import Scripts
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_count, tell_layer, tell_list, tell_path

FIX: Final = Fix(
    "Store the scripts with line feeds alone",
    (
        "Once: sed -i 's/\\r$//' SCRIPT, and in .gitattributes: *.sh text eol=lf",
        "Renormalise the repository: git add --renormalize . && git commit",
        "Until then, in the Dockerfile: RUN sed -i 's/\\r$//' /path/to/script, in the step that copies it",
    ),
)


class CrlfShebang(Rule):
    r"""A script's first line ends as on Windows.

    What it checks: The first line of every executable script, of every script on the PATH, and of the one that the
        container starts, executable or not, does not end in a carriage return.
    Why it matters: The kernel takes the carriage return for a part of the interpreter's name and looks for
        `/bin/bash\r`: "no such file or directory", or "env: 'python3\r': No such file or directory", for a script
        that looks right.
    Example: `entrypoint.sh` checked out on Windows with `core.autocrlf=true`, then copied into the image.
    Remedy: Store scripts with line feeds: `*.sh text eol=lf` in `.gitattributes`.
    Fix safety: Review: `sed -i 's/\r$//'` changes every line of the file, which is what is wanted in scripts.
    Blind spots: Only first lines are looked at. Scripts that are not executable and not on the PATH are left out;
        started as `sh script`, they fail later, line by line.
    References: execve(2), "Interpreter scripts"; gitattributes(5), "eol".
    """

    code: ClassVar[str] = "CONF007"
    covers: ClassVar[tuple[int, ...]] = (55,)
    severity: ClassVar[Severity] = Severity.LOW
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (Process, Scripts)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for the entry script, and one a layer for the others."""
        process = facts.find(Process)
        entries = [process.program, process.inner] if process is not None else []
        entry_paths = set()
        for program in entries:
            if program is not None and program.shebang is not None and program.shebang.has_carriage_return:
                entry_paths.add(program.path)
                yield self._report_entry(program)
        layers: dict[int, list[Scripts]] = {}
        for fact in facts.of(Scripts):
            if fact.has_carriage_return and set(fact.paths) - entry_paths:
                layers.setdefault(fact.layer, []).append(fact)
        for layer, scripts in sorted(layers.items()):
            yield self._report_layer(layer, scripts)

    def _report_entry(self, program: Program) -> Finding:
        """The script that the container starts."""
        outcome = "its interpreter is not found"
        if program.state is not ProgramState.FOUND:
            outcome = "with execute permission alone it does not start either"
        message = (
            f"The first line of {program.word}, which the container starts, ends in a carriage return, so {outcome}"
        )
        return self.finding(message, Evidence(program.layer, program.path), severity=Severity.HIGH, fixes=(FIX,))

    def _report_layer(self, layer: int, scripts: list[Scripts]) -> Finding:
        """The other scripts of one layer."""
        count = sum(fact.count for fact in scripts)
        places = [Evidence(layer=layer, path=path) for fact in scripts for path in fact.paths]
        named = tell_list(tell_path(place.path or "") for place in places)
        verb = "has a first line that ends" if count == 1 else "have first lines that end"
        where = tell_layer(layer, scripts[0].instruction)
        message = f"{tell_count(count, 'script')} of {where} {verb} in a carriage return: {named}"
        severity = Severity.MEDIUM if any(fact.is_on_path for fact in scripts) else self.severity
        return self.finding(message, *places[:SHOWN_LOCATIONS], severity=severity, fixes=(FIX,))
