"""CONF018: what the container's process prints goes to a file, or nowhere."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.config.led_output import LedAwayOutput
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity

NOWHERE: Final = "/dev/null"


class DiscardedOutput(Rule):
    """What the container's process prints goes to a file, or nowhere.

    What it checks: Redirections of the command in shell form: whether its last command leads standard error, or both
        streams, to a file or to `/dev/null`. A file that is a link to `/dev/stdout` or `/dev/stderr` is none, and so
        is one that another command of the text names, or may read in the background.
    Why it matters: `docker logs`, `kubectl logs` and whatever gathers them have what a process prints, and nothing
        else. A file in the container is gone with it, and grows until the disk is full; what goes to `/dev/null` was
        never there.
    Example: `CMD python serve.py > /var/log/serve.log 2>&1`: the container runs, and its log is empty.
    Remedy: Print to standard output and standard error; where a file is wanted as well: `… 2>&1 | tee FILE`.
    Fix safety: Review: where logs go may be a decision, as where they hold what users wrote.
    Blind spots: Redirections in scripts, and programs that open files of their own, are not seen. Nothing is said
        where the last command is a helper of the shell (`tail`, `wait`, `grep`) or the end of a pipe. A file on a
        volume may be read from there.
    References: docs.docker.com, "View container logs"; 12factor.net, "Logs".
    """

    code: ClassVar[str] = "CONF018"
    covers: ClassVar[tuple[int, ...]] = (122, 125)
    severity: ClassVar[Severity] = Severity.MEDIUM
    has_one: ClassVar[bool] = True
    needs: ClassVar[tuple[type[Fact], ...]] = (LedAwayOutput,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding: one stream alone, if that is standard output, leaves the one that tells of errors."""
        led = facts.find(LedAwayOutput)
        if led is None or not led.error:
            return
        streams = "what it prints" if led.output == led.error else "its standard error"
        message = f"The image's command leads {streams} to {led.error}, where no engine's log has it"
        severity = self.severity if led.output else Severity.LOW
        yield self.finding(message, Evidence(), severity=severity, fixes=(_keep(led.error),))


def _keep(path: str) -> Fix:
    """No redirection, which nothing here takes out of a shell's words."""
    also = (f"Where the file is wanted as well: … 2>&1 | tee {path}",) if path != NOWHERE else ()
    return Fix(
        "Print to standard output and standard error",
        (f"In the CMD or ENTRYPOINT: no redirection to {path}", *also),
        kind=FixKind.CONFIG_EDIT,
    )
