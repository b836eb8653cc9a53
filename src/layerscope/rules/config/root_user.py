"""CONF001: the container's process runs as root."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.config.identity import Identity
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity

FIX: Final = Fix(
    "Run as a user of its own",
    (
        "RUN useradd --uid 10001 --create-home app   (Alpine: adduser -D -u 10001 app)",
        "USER 10001:10001   before ENTRYPOINT; a number lets Kubernetes check runAsNonRoot",
        "Give it what it writes: RUN install -d -o 10001 -g 10001 /data; and set HOME and HF_HOME.",
    ),
)


class RootUser(Rule):
    """The container's process runs as root.

    What it checks: The user in the image's config, looked up in the image's own /etc/passwd, has the number 0; an
        empty user means root.
    Why it matters: Without user namespaces root in the container is root on the host, held back by capabilities and
        filters alone: a hole in the program, in a model file or in the runtime is worth more. Files written to
        mounted volumes belong to root. Clusters that enforce `runAsNonRoot` refuse to start the image.
    Example: A Dockerfile without any `USER` instruction.
    Remedy: Create a user, give it what it has to write, and end the Dockerfile with its number.
    Fix safety: Review: the program may write to places that only root can write to, or need a port below 1024.
    Blind spots: Programs that start as root and drop their privileges (nginx, postgres, gosu) are reported too.
        What the orchestrator sets (`--user`, `runAsUser`) is not in the image.
    References: Kubernetes, "Pod Security Standards"; CIS Docker benchmark, 4.1; hadolint DL3002.
    """

    code: ClassVar[str] = "CONF001"
    covers: ClassVar[tuple[int, ...]] = (45,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (Identity,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding."""
        identity = facts.find(Identity)
        if identity is None or not identity.is_root:
            return
        if identity.specification:
            message = f"The config's user {identity.specification!r} is root (uid 0); expected a user of its own"
        else:
            message = "The config names no user, so the process runs as root (uid 0)"
        yield self.finding(message, Evidence(), fixes=(FIX,))
