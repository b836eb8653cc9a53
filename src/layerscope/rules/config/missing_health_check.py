"""CONF009: the image has no health check."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.config.process import Process
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity

DEFAULT_PORT: Final = "8000"


INSTRUCTION: Final = "HEALTHCHECK --interval=30s --timeout=5s --start-period=300s CMD"


class MissingHealthCheck(Rule):
    """The image has no health check.

    What it checks: The config has a health check, or switches one off on purpose (`HEALTHCHECK NONE`). Images that
        start nothing are left out.
    Why it matters: Without one, an engine calls a container running as long as its process lives, also while a
        model is still loading for minutes, or when the server hangs. Compose and Swarm cannot wait for it or
        replace it.
    Example: An inference server whose container is "Up 3 minutes" and answers nothing.
    Remedy: Add a check that asks the server itself, with a start period as long as the model takes to load.
    Fix safety: Review: a check that is too strict restarts a server that is merely busy.
    Blind spots: Kubernetes ignores this field and has probes of its own, which are not in the image. Batch jobs
        need none.
    References: Dockerfile reference, "HEALTHCHECK".
    """

    code: ClassVar[str] = "CONF009"
    covers: ClassVar[tuple[int, ...]] = (141,)
    severity: ClassVar[Severity] = Severity.INFO
    needs: ClassVar[tuple[type[Fact], ...]] = (Process,)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.DOCKERFILE,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding."""
        process = facts.find(Process)
        if process is None or process.program is None or process.has_health_check or process.is_health_check_disabled:
            return
        port = process.exposed_ports[0].partition("/")[0] if process.exposed_ports else DEFAULT_PORT
        url = f"http://127.0.0.1:{port}/health"
        steps = [f"{INSTRUCTION} {_ask(client, url)}" for client in process.clients[:1]] or [
            f"{INSTRUCTION} {_ask('curl', url)}   (install curl: the image has nothing that could ask)"
        ]
        fix = Fix("Add a health check that asks the server itself", tuple(steps), kind=FixKind.CONFIG_EDIT)
        message = "The config has no health check: engines cannot tell a loading or hanging server from a working one"
        yield self.finding(message, Evidence(), fixes=(fix,))


def _ask(client: str, url: str) -> str:
    """The command by which a program asks, and fails where no answer is good."""
    if client == "curl":
        return f"curl -fsS {url} || exit 1"
    if client == "wget":
        return f"wget -q -O /dev/null {url} || exit 1"
    return f"""{client} -c "import urllib.request as u; u.urlopen('{url}', timeout=4)\" || exit 1"""
