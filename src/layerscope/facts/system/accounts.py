"""Users and groups that the image knows, and what a user specification means among them."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.account_extractor import AccountFileExtractor
from layerscope.formats.passwd import Group, User, parse_group, parse_passwd

PASSWD: Final = "etc/passwd"  # noqa: S105 - a path
GROUP: Final = "etc/group"


class Accounts(Fact, frozen=True):
    """The accounts of /etc/passwd and /etc/group as the container sees them; None where the file is not there."""

    users: tuple[User, ...] | None
    groups: tuple[Group, ...] | None

    def find_user(self, name: str) -> User | None:
        """The first user of that name or number, as engines look it up."""
        users = self.users or ()
        by_name = next((user for user in users if user.name == name), None)
        return by_name or (next((user for user in users if user.uid == int(name)), None) if is_number(name) else None)

    def find_group(self, name: str) -> Group | None:
        """The first group of that name or number."""
        groups = self.groups or ()
        by_name = next((group for group in groups if group.name == name), None)
        return by_name or (
            next((group for group in groups if group.gid == int(name)), None) if is_number(name) else None
        )

    def groups_of(self, name: str) -> frozenset[int]:
        """The numbers of the groups that list that user."""
        return frozenset(group.gid for group in self.groups or () if name in group.members)


def is_number(name: str) -> bool:
    """Whether a user or group is given by number."""
    return name.isascii() and name.isdigit() and len(name) <= 10  # noqa: PLR2004 - 32 bits have ten digits


class AccountsCollector(Collector):
    """Reads the accounts of the merged tree."""

    name = "system.accounts"
    extractors = (AccountFileExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the accounts."""
        yield collect_accounts(context)


def collect_accounts(context: FactContext) -> Accounts:
    """The accounts of the merged tree."""
    passwd, group = _read(context, PASSWD), _read(context, GROUP)
    node = context.tree.resolve(PASSWD)
    return Accounts(
        evidence=Evidence(layer=node.layer if node else None, path=PASSWD),
        users=None if passwd is None else parse_passwd(passwd),
        groups=None if group is None else parse_group(group),
    )


def _read(context: FactContext, path: str) -> bytes | None:
    """What the extractor kept of an account file; nothing of one without accounts, None where there is no file."""
    if context.tree.resolve(path) is None:
        return None
    kept = context.find_extract(AccountFileExtractor.name, path)
    return kept if isinstance(kept, bytes) else b""
