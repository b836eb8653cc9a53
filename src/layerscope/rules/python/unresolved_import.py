"""PY012: the program imports what is not there."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.python.entry_imports import UnresolvedImports
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.python_cures import quote_requirements, tell_environment, tell_pip
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_list, tell_path


class UnresolvedImport(Rule):
    """The program imports what is not there.

    What it checks: Each module that the Python script of the image's command imports outside of any condition lies in
        the script's folder, on PYTHONPATH, in the environment in use, or in the standard library.
    Why it matters: The program ends before its first line of work: "No module named …".
    Example: `COPY app.py /app/` without the package `routes` beside it, or a requirement left out of the list.
    Remedy: Install the distribution that holds the module, or copy the module where Python looks.
    Fix safety: Review: a module and the distribution that holds it need not share a name.
    Blind spots: Only a script that the command names, with a usual name (`app.py`, `main.py`, `server.py` and so on),
        and only its own imports, not those of what it imports. Nothing is said of scripts that touch `sys.path`,
        beside editable installations, or where a layer could not be read.
    References: https://docs.python.org/3/library/sys_path_init.html
    """

    code: ClassVar[str] = "PY012"
    covers: ClassVar[tuple[int, ...]] = (27,)
    severity: ClassVar[Severity] = Severity.HIGH
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (UnresolvedImports, PythonEnvironment, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for the script."""
        if has_unread_layers(facts):
            return
        for fact in facts.of(UnresolvedImports):
            where = tell_environment(facts, fact.environment)
            message = f"{tell_path(fact.script)} imports {tell_list(fact.names)}, which {where} does not have"
            names = quote_requirements(fact.names)
            fix = Fix(
                "Install the distributions that hold these modules, or copy the modules beside the script",
                (
                    f"RUN {tell_pip(facts, fact.environment)} {names}   (or what their distributions are called)",
                    f"Or: COPY {fact.names[0]} {tell_path(fact.script).rpartition('/')[0]}/{fact.names[0]}",
                ),
            )
            yield self.finding(message, fact.evidence, fixes=(fix,))
