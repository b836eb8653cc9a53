"""The members of an image archive by name, with links between them followed inside the archive only."""

from typing import Final

from layerscope.errors import ImageError
from layerscope.sources.outer_header import Member, MemberKind

MAX_LINKS: Final = 8
"""Links followed for one name; podman and Docker write chains of one."""


class MemberTable:
    """The files and links of one archive. Of two members of one name the first counts."""

    def __init__(self, where: str) -> None:
        """Start empty; `where` names the archive in errors."""
        self.where = where
        self._members: dict[str, Member] = {}
        self._repeated: set[str] = set()

    def add(self, member: Member) -> str | None:
        """Take a member in and return its name in the table; None where the name was taken or leaves the archive."""
        name = normalise_name(member.name)
        if name is None:
            return None
        if name in self._members:
            self._repeated.add(name)
            return None
        self._members[name] = member
        return name

    def holds(self, name: str) -> bool:
        """Tell whether a member has that name."""
        return name in self._members

    def is_repeated(self, name: str) -> bool:
        """Tell whether several members have that name."""
        return normalise_name(name) in self._repeated

    def resolve(self, name: str) -> tuple[str, Member] | None:
        """Return the file that a name leads to, with its own name; None where nothing has that name.

        Raises ImageError for links that lead nowhere, out of the archive, or round in a circle, and for what is
        neither file nor link.
        """
        place = normalise_name(name)
        if place is None or place not in self._members:
            return None
        for _ in range(MAX_LINKS + 1):
            member = self._members[place]
            if member.kind is MemberKind.FILE:
                return place, member
            place = self._follow(place, member, name)
        raise ImageError(f"reading {self.where}: {name!r} leads through more than {MAX_LINKS} links")

    def _follow(self, place: str, member: Member, name: str) -> str:
        if member.kind not in (MemberKind.SYMLINK, MemberKind.HARDLINK):
            raise ImageError(f"reading {self.where}: {place!r} is a member of kind {member.kind}, expected a file")
        folder = place.rpartition("/")[0] if member.kind is MemberKind.SYMLINK else ""
        target = None if member.link.startswith("/") else normalise_name(f"{folder}/{member.link}")
        if target is None:
            raise ImageError(f"reading {self.where}: {name!r} is a link out of the archive, to {member.link!r}")
        if target not in self._members:
            raise ImageError(f"reading {self.where}: {name!r} is a link to {target!r}, which is not in the archive")
        return target


def normalise_name(name: str) -> str | None:
    """Return a name without empty, `.` and `..` parts, or None where it leaves the archive or is empty."""
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or None
