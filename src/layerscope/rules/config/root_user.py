"""CONF001: the container's process runs as root."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.config.identity import Identity
from layerscope.facts.config.run_user import FIRST_ID, RunUser
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.build_edit import AddLines
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


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
    has_one: ClassVar[bool] = True
    needs: ClassVar[tuple[type[Fact], ...]] = (Identity,)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.DOCKERFILE,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding."""
        identity = facts.find(Identity)
        if identity is None or not identity.is_root:
            return
        if identity.specification:
            message = f"The config's user {identity.specification!r} is root (uid 0); expected a user of its own"
        else:
            message = "The config names no user, so the process runs as root (uid 0)"
        yield self.finding(message, Evidence(), fixes=(_suggest(identity.run_user),))


def _suggest(user: RunUser | None) -> Fix:
    """A user that the image has, or one that a step makes; and what to see to beside it."""
    user = user or RunUser("app", FIRST_ID, FIRST_ID)
    instruction = f"USER {user.uid}:{user.gid}"
    lines = (f"RUN {user.command}", instruction) if user.command else (instruction,)
    account = f"COPY passwd /etc/passwd   (with a line {user.name}:x:{user.uid}:{user.gid}::/nonexistent:/sbin/nologin)"
    is_known = user.is_there or bool(user.command)
    number = f"the number of {user.name}" if user.is_there else "a number"
    return Fix(
        "Run as a user of its own",
        (
            *(lines[:-1] if is_known else (account,)),
            f"{instruction}   before ENTRYPOINT; {number} lets Kubernetes check runAsNonRoot",
            f"Give it what it writes: RUN install -d -o {user.uid} -g {user.gid} /data; and set HOME and HF_HOME.",
        ),
        build_edits=(AddLines(lines, "USER"),) if is_known else (),
    )
