"""CONF008: the config's user is not in the image's accounts."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.config.identity import Identity
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class UnknownUser(Rule):
    """The config's user is not in the image's accounts.

    What it checks: A user or group given by name is in the image's /etc/passwd or /etc/group, and a user given by
        number has an entry there.
    Why it matters: A name that is not there stops the container: "unable to find user app: no matching entries in
        passwd file". A number without an entry starts, without a name and with `/` as its home: Python's
        `getpass.getuser()` raises "KeyError: 'getpwuid(): uid not found: 1000'" (torch.compile and many caches call
        it), ssh and git refuse to work.
    Example: `USER 1000` in an image without such a user, running a PyTorch program.
    Remedy: Create the user in the final stage, and set HOME to a directory that it may write.
    Fix safety: Review: the number may be chosen to fit the owner of a volume; keep it and add the entry.
    Blind spots: Orchestrators that give every container a random user (OpenShift) are not in the image. Name
        services other than files are not consulted. Nothing is said where a layer could not be read.
    References: moby/moby, user lookup; pytorch/pytorch issue 140765.
    """

    code: ClassVar[str] = "CONF008"
    covers: ClassVar[tuple[int, ...]] = (45,)
    severity: ClassVar[Severity] = Severity.HIGH
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (Identity, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for the user, and one for the group."""
        identity = facts.find(Identity)
        if identity is None or has_unread_layers(facts):
            return
        user, place = identity.specification.partition(":")[0], Evidence(path=identity.evidence.path)
        if identity.uid is None:
            missing = "/etc/passwd has no such user" if identity.has_passwd else "the image has no /etc/passwd"
            message = f"The config's user {user!r} cannot be resolved ({missing}), so no container can start"
            yield self.finding(message, place, fixes=(_create_user(user),))
        elif user and identity.user_name is None and not identity.is_root:
            message = (
                f"The config's user {user} has no entry in /etc/passwd: the process has no name and no home, "
                "and programs that ask for them fail"
            )
            yield self.finding(message, place, severity=Severity.LOW, fixes=(_create_user(user),))
        group = identity.group_specification
        if group and identity.gid is None:
            missing = "/etc/group has no such group" if identity.has_group_file else "the image has no /etc/group"
            message = f"The config's group {group!r} cannot be resolved ({missing}), so no container can start"
            fix = Fix(f"Create the group {group}", (f"RUN groupadd --system {group}   in the final stage, above USER",))
            yield self.finding(message, place, fixes=(fix,))


def _create_user(user: str) -> Fix:
    """An account for the user."""
    number, name = (user, "app") if user.isdigit() else ("10001", user)
    return Fix(
        f"Create the user {user} in the final stage",
        (
            f"RUN useradd --uid {number} --create-home {name}   above USER (Alpine: adduser -D -u {number} {name})",
            f"ENV HOME=/home/{name}, and let caches point there",
        ),
    )
