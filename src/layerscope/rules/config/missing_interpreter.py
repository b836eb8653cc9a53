"""CONF006: a script's interpreter is not in the image."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.config.process import Process
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.system.programs import Program, ProgramState
from layerscope.facts.system.scripts import Scripts
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_count, tell_list, tell_path


class MissingInterpreter(Rule):
    """A script's interpreter is not in the image.

    What it checks: The interpreter in the first line of the entry script and of every script on the PATH, and the
        program that `env` would look up, are in the image and executable. A `.sh` entry script without such a line
        counts too.
    Why it matters: The kernel reports the missing interpreter as if the script were missing: "no such file or
        directory" for a file that is there. Without a first line, `exec` fails with "exec format error".
    Example: `#!/bin/bash` in an Alpine image, or `#!/opt/venv/bin/python` after the virtual environment was left in
        the build stage.
    Remedy: Install the interpreter, or name one that the image has.
    Fix safety: Review: a script written for bash may not run with sh.
    Blind spots: Scripts off the PATH are not judged: packages ship examples for interpreters that nobody installs.
        What an interpreter itself needs (modules, libraries) is not looked at. Nothing is said where a layer could
        not be read.
    References: execve(2), "Interpreter scripts".
    """

    code: ClassVar[str] = "CONF006"
    covers: ClassVar[tuple[int, ...]] = (55, 58)
    severity: ClassVar[Severity] = Severity.HIGH
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (Process, Scripts, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for the entry script, and one an interpreter for the scripts on the PATH."""
        if has_unread_layers(facts):
            return
        process = facts.find(Process)
        entry = process.program if process is not None else None
        if entry is not None and process is not None:
            yield from self._check_entry(entry, f"The {process.origin}")
            if process.inner is not None:
                yield from self._check_entry(process.inner, f"The shell form of the {process.origin}")
        groups: dict[str, list[Scripts]] = {}
        for fact in facts.of(Scripts):
            if fact.is_on_path and fact.missing is not None and not fact.has_carriage_return:
                groups.setdefault(fact.interpreter, []).append(fact)
        for interpreter, scripts in sorted(groups.items()):
            yield self._report_scripts(interpreter, scripts)

    def _check_entry(self, program: Program, who: str) -> Iterator[Finding]:
        """The finding for an entry script that cannot be run."""
        evidence = Evidence(layer=program.layer, path=program.path)
        if program.state is not ProgramState.FOUND:
            return
        if program.is_text:
            message = f"{who} starts the script {program.word}, whose first line names no interpreter"
            fix = Fix(
                "Name the interpreter in the first line",
                (
                    f"Begin {program.word} with: #!/bin/sh",
                    f'Or start it by name: ENTRYPOINT ["/bin/sh", "{program.word}"]',
                ),
            )
            yield self.finding(message, evidence, fixes=(fix,))
        elif program.shebang is not None and not program.shebang.has_carriage_return and not program.is_runnable:
            wanted = program.shebang.program
            message = f"{who} starts the script {program.word}, whose interpreter {wanted} is not in the image"
            yield self.finding(message, evidence, fixes=(_suggest(wanted),))

    def _report_scripts(self, interpreter: str, scripts: list[Scripts]) -> Finding:
        """The finding for all scripts of one missing interpreter."""
        count = sum(fact.count for fact in scripts)
        places = [Evidence(layer=fact.layer, path=path) for fact in scripts for path in fact.paths]
        named = tell_list(tell_path(place.path or "") for place in places)
        told = f"{tell_count(count, 'script')} on the PATH {'needs' if count == 1 else 'need'}"
        message = f"{told} {interpreter}, which is not in the image: {named}"
        return self.finding(message, *places[:SHOWN_LOCATIONS], severity=Severity.LOW, fixes=(_suggest(interpreter),))


def _suggest(interpreter: str) -> Fix:
    """Install it, or use another."""
    return Fix(
        f"Install {interpreter}, or name an interpreter that the image has",
        (
            f"RUN apt-get update && apt-get install -y --no-install-recommends PACKAGE   (which has {interpreter})",
            "Or change the first line, for example to #!/bin/sh or #!/usr/bin/env python3",
        ),
    )
