"""CONF010: a Python process keeps its output in a buffer."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.config.environment import Environment
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.system.python_process import PythonProcess
from layerscope.rules.config_edit import SetVariable
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace, Safety
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity

VARIABLE: Final = "PYTHONUNBUFFERED"

FIX: Final = Fix(
    "Switch Python's output buffer off",
    ("ENV PYTHONUNBUFFERED=1   anywhere in the final stage",),
    Safety.SAFE,
    kind=FixKind.CONFIG_EDIT,
    edits=(SetVariable(VARIABLE, "1"),),
)


class BufferedPythonOutput(Rule):
    """A Python process keeps its output in a buffer.

    What it checks: The container starts a Python program (told by its name, its interpreter line, or what the entry
        script hands over to), and neither `PYTHONUNBUFFERED` nor `-u` switches the buffer of standard output off.
    Why it matters: Into a pipe, which is what a container's output is, Python writes in blocks of 8 KiB. Messages
        appear late; when the process is killed for memory or a time limit, its last ones are lost. An image that
        "prints nothing" may have been talking all the time.
    Example: `CMD ["python", "serve.py"]` with `print()` for progress: `docker logs` stays empty until the buffer is
        full.
    Remedy: `ENV PYTHONUNBUFFERED=1`.
    Fix safety: Safe: it costs a system call a line, and nothing else changes.
    Blind spots: Standard error, and with it the `logging` module, is not affected; a program that logs only there
        loses nothing. A program may flush by itself. Python started by another program is found only through an
        entry script.
    References: Python documentation, "-u" and PYTHONUNBUFFERED.
    """

    code: ClassVar[str] = "CONF010"
    covers: ClassVar[tuple[int, ...]] = (122, 126)
    severity: ClassVar[Severity] = Severity.LOW
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (PythonProcess, Environment)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding."""
        process, environment = facts.find(PythonProcess), facts.find(Environment)
        if process is None or process.is_unbuffered:
            return
        if environment is not None and environment.value(VARIABLE):
            return
        message = (
            f"The container starts {process.program}, a Python program, and neither {VARIABLE} nor -u is set: "
            "its output waits in a buffer of 8 KiB"
        )
        yield self.finding(message, process.evidence, Evidence(), fixes=(FIX,))
