"""The account files passwd(5), group(5) and shadow(5)."""

from typing import Final

from msgspec import Struct

LINES_LIMIT: Final = 10_000
"""More accounts than any image has; the rest is not read."""

_PASSWD_FIELDS: Final = 7
_GROUP_FIELDS: Final = 4
_LOCKED: Final = ("", "*", "!", "x", "!!", "!*")


class User(Struct, frozen=True):
    """One line of passwd, its password field left out."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str


class Group(Struct, frozen=True):
    """One line of group."""

    name: str
    gid: int
    members: tuple[str, ...]


def parse_passwd(content: bytes) -> tuple[User, ...]:
    """The users, in file order; lines that libc would skip are skipped."""
    users = []
    for fields in _records(content, _PASSWD_FIELDS):
        uid, gid = _number(fields[2]), _number(fields[3])
        if uid is not None and gid is not None:
            users.append(User(fields[0], uid, gid, fields[5], fields[6]))
    return tuple(users)


def parse_group(content: bytes) -> tuple[Group, ...]:
    """The groups, in file order; lines that libc would skip are skipped."""
    groups = []
    for fields in _records(content, _GROUP_FIELDS):
        gid = _number(fields[2])
        if gid is not None:
            groups.append(Group(fields[0], gid, tuple(name for name in fields[3].split(",") if name)))
    return tuple(groups)


def parse_shadow_hashes(content: bytes) -> tuple[str, ...]:
    """The names of accounts in shadow that have a usable password hash."""
    return tuple(
        fields[0]
        for fields in _records(content, 2)
        if fields[1] not in _LOCKED and not fields[1].startswith(("!", "*"))
    )


def _records(content: bytes, fields: int) -> list[list[str]]:
    """The lines with at least that many fields and a name; comments and NIS lines (`+name`) are not accounts."""
    lines = content.decode("utf-8", "surrogateescape").split("\n")[:LINES_LIMIT]
    records = (line.rstrip("\r").split(":") for line in lines if line and line[0] not in "#+-")
    return [record for record in records if len(record) >= fields and record[0]]


def _number(text: str) -> int | None:
    """A user or group number as libc accepts it."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None  # noqa: PLR2004 - 32 bits
