"""Who the container's process is: the config's user, looked up in the image's accounts."""

from collections.abc import Iterator

from msgspec.structs import replace

from layerscope.facts.collector import Collector
from layerscope.facts.config.run_user import RunUser, find_run_user
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.accounts import Accounts, collect_accounts, is_number


class Identity(Fact, frozen=True):
    """The config's user and group.

    `specification` is what the config says (`app:staff`, `1000`, empty for root). `uid` is None where a name is not in
    /etc/passwd; `user_name` is None where a number has no entry there; the same holds for the group, which is empty
    where the config names none. `run_user` is who the process could be where it is root.
    """

    specification: str
    uid: int | None
    user_name: str | None
    group_specification: str
    gid: int | None
    home: str | None
    has_passwd: bool
    has_group_file: bool
    groups: frozenset[int] = frozenset()
    run_user: RunUser | None = None

    @property
    def is_root(self) -> bool:
        """Whether the process has user number 0."""
        return self.uid == 0


class IdentityCollector(Collector):
    """Resolves the config's user."""

    name = "config.identity"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the identity."""
        accounts = collect_accounts(context)
        identity = resolve_identity(context.image.config.runtime.user, accounts)
        yield replace(identity, run_user=find_run_user(context, accounts)) if identity.is_root else identity


def resolve_identity(specification: str, accounts: Accounts) -> Identity:
    """What `USER[:GROUP]` means among the accounts, as engines resolve it."""
    user_part, _, group_part = specification.partition(":")
    user = accounts.find_user(user_part or "0")
    group = accounts.find_group(group_part) if group_part else None
    uid = user.uid if user else _number(user_part or "0")
    gid = group.gid if group else _number(group_part) if group_part else user.gid if user else 0
    return Identity(
        evidence=Evidence(layer=accounts.evidence.layer, path=accounts.evidence.path) if accounts.users else Evidence(),
        specification=specification,
        uid=uid,
        user_name=user.name if user else None,
        group_specification=group_part,
        gid=gid,
        home=user.home if user else None,
        has_passwd=accounts.users is not None,
        has_group_file=accounts.groups is not None,
        groups=accounts.groups_of(user.name) if user else frozenset(),
    )


def _number(name: str) -> int | None:
    """The number that stands for itself."""
    return int(name) if is_number(name) else None
