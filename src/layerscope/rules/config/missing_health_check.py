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

UNKNOWN: Final = "http://127.0.0.1:PORT"
"""Where a server answers of which the image exposes no port."""

TLS_PORTS: Final = frozenset({"443", "8443"})
OTHER_PORTS: Final = frozenset(
    {"21", "22", "25", "53", "1433", "2379", "3306", "5432", "5672", "6379", "9042", "9092", "11211", "27017"}
)
"""Ports on which something else than HTTP is spoken by custom."""

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
        address = find_address(process)
        command = f"{INSTRUCTION} {_ask(next(iter(process.clients), 'curl'), f'{address or UNKNOWN}/health')}"
        lacking = "" if process.clients else "   (install curl: the image has nothing that could ask)"
        step = f"{command}{lacking}" if address else f"Where it serves HTTP, at its own port: `{command}`{lacking}"
        fix = Fix("Add a health check that asks the server itself", (step,), kind=FixKind.CONFIG_EDIT)
        message = "The config has no health check: engines cannot tell a loading or hanging server from a working one"
        yield self.finding(message, Evidence(), fixes=(fix,))


def find_address(process: Process) -> str:
    """Where a server answers by HTTP, as far as its first exposed port tells; empty where it tells nothing."""
    ports = [port for port, _, protocol in (each.partition("/") for each in process.exposed_ports) if protocol != "udp"]
    if not ports or not (ports[0].isascii() and ports[0].isdecimal()) or ports[0] in OTHER_PORTS:
        return ""
    scheme = "https" if ports[0] in TLS_PORTS else "http"
    return f"{scheme}://127.0.0.1:{ports[0]}"


def _ask(client: str, url: str) -> str:
    """The command by which a program asks, and fails where no answer is good."""
    if client == "curl":
        return f"curl -fsS {url} || exit 1"
    if client == "wget":
        return f"wget -q -O /dev/null {url} || exit 1"
    return f"""{client} -c "import urllib.request as u; u.urlopen('{url}', timeout=4)\" || exit 1"""
