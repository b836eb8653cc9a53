"""The user that an image which runs as root could run as: one that it has, or one that a step could make."""

from typing import Final

from msgspec import Struct

from layerscope.facts.context import FactContext
from layerscope.facts.system.accounts import Accounts
from layerscope.facts.system.programs import ProgramFinder

FIRST_ID: Final = 10_001
"""Above all numbers that distributions give by themselves."""

_ORDINARY: Final = range(1000, 60_000)
_UNUSABLE: Final = ("/nologin", "/false")


class RunUser(Struct, frozen=True):
    """A user by number, whether the image has it, and the command that makes it: empty where nothing can or need."""

    name: str
    uid: int
    gid: int
    is_there: bool = False
    command: str = ""


def find_run_user(context: FactContext, accounts: Accounts) -> RunUser:
    """The image's only ordinary account with a shell, else one that its own tools can make."""
    users, groups = accounts.users or (), accounts.groups or ()
    ordinary = [user for user in users if user.uid in _ORDINARY and not user.shell.endswith(_UNUSABLE)]
    if len(ordinary) == 1:
        return RunUser(ordinary[0].name, ordinary[0].uid, ordinary[0].gid, is_there=True)
    taken = {user.uid for user in users} | {group.gid for group in groups}
    number = next(each for each in range(FIRST_ID, FIRST_ID + len(taken) + 1) if each not in taken)
    names = {user.name for user in users} | {group.name for group in groups}
    name = "app" if "app" not in names else f"app{number}"
    finder = ProgramFinder(context)
    if finder.find("useradd").is_runnable:
        return RunUser(name, number, number, command=f"useradd --uid {number} --user-group --create-home {name}")
    adduser = finder.find("adduser")
    if adduser.is_runnable and (adduser.path or "").rpartition("/")[2] == "busybox":
        return RunUser(name, number, number, command=f"adduser -D -u {number} {name}")
    return RunUser(name, number, number)
