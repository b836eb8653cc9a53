"""Random images of few layers, rich in what container engines unpack differently or refuse; the same for each seed."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from support.random_headers import change_header
from support.random_names import choose_hard_link_target, choose_name, choose_symlink_target
from support.tar_header import GNU_ALWAYS, PAX_ALWAYS, Extension
from support.tar_member import TarMember, device, directory, fifo, file, hardlink, opaque, symlink, whiteout
from support.tar_writer import GNU, PAX, Dialect, can_hold, write_tar

MOST_LAYERS: Final = 3
MOST_MEMBERS: Final = 6
MODES: Final = (0o644, 0o755, 0o600, 0o4755, 0o2711, 0o1777)
OWNERS: Final = (0, 0, 0, 5, 1000)
PLACED: Final = 0.95
"""How many opaque whiteouts are of another directory than the root."""

KINDS: Final = {
    "file": 34,
    "directory": 26,
    "hard link": 14,
    "symlink": 14,
    "whiteout": 8,
    "opaque": 4,
    "whiteout device": 2,
    "device": 1,
    "pipe": 1,
    "odd whiteout": 1,
    "root": 1,
    "bookkeeping": 1,
}
"""What a member may be, and how often it is."""
MARKS: Final = frozenset({"whiteout", "opaque", "whiteout device", "odd whiteout", "bookkeeping"})
MARKED: Final = 0.3
"""How many lowest layers may have marks, too, although there is nothing below for them."""

DIALECTS: Final = (PAX, PAX, PAX, PAX, PAX_ALWAYS, GNU, GNU_ALWAYS)
ROOTS: Final = ("./", "/", ".", "..", "../", "d/..", "./.")
BOOKKEEPING: Final = (
    ".wh..wh.plnk",
    ".wh..wh.aufs",
    "d/.wh..wh.orph",
    ".wh..wh.plnk/1",
    ".wh.",
    ".wh..",
    ".wh...",
    ".wh..wh..",
    "d/.wh..wh..opqx",
    ".wh..wh..opq/x",
    "d/.wh.x/y",
    ".wh..wh.a",
)
"""Names that AUFS had for its own, and others that begin so."""


@dataclass(frozen=True)
class RandomLayer:
    """The members of a layer, and how they are written."""

    members: tuple[TarMember, ...]
    dialect: Dialect = PAX

    @property
    def content(self) -> bytes:
        """The layer's tar."""
        return write_tar(self.members, dialect=self.dialect)


Layers = tuple[RandomLayer, ...]


def make_layers(seed: int) -> Layers:
    """One image's layers, lowest first."""
    source = random.Random(seed)
    count = source.choice((1, 2, 2, 2, MOST_LAYERS))
    return tuple(_make_layer(source, has_marks=number > 0 or source.random() < MARKED) for number in range(count))


def _make_layer(source: random.Random, *, has_marks: bool) -> RandomLayer:
    dialect = source.choice(DIALECTS)
    oddness = source.choice((0.0, 0.0, 0.0, 0.2, 0.5))
    weights = {kind: weight for kind, weight in KINDS.items() if has_marks or kind not in MARKS}
    members: list[TarMember] = []
    for _ in range(source.choice((1, 2, 2, 3, 3, 4, 4, 5, MOST_MEMBERS))):
        member = _make_member(source, members, weights)
        if source.random() < oddness:
            member = change_header(source, member)
        is_thin = member.sparse is not None and dialect.extension is not Extension.PAX
        if can_hold(member, dialect) and not is_thin:
            members.append(member)
    return RandomLayer(tuple(members), dialect)


def _make_member(source: random.Random, members: Sequence[TarMember], weights: Mapping[str, int]) -> TarMember:
    """The next member of a layer that has these, of a kind with a weight."""
    name, mode = choose_name(source, members), source.choice(MODES)
    uid, gid = source.choice(OWNERS), source.choice(OWNERS)
    match source.choices(list(weights), list(weights.values()))[0]:
        case "hard link" if target := choose_hard_link_target(source, members):
            return hardlink(name, target, mode=mode, uid=uid, gid=gid)
        case "file" | "hard link":
            return file(name, b"%d" % len(members) * source.randrange(4), mode=mode, uid=uid, gid=gid)
        case "directory":
            return directory(name, mode=mode, uid=uid, gid=gid)
        case "symlink":
            return symlink(name, choose_symlink_target(source), uid=uid, gid=gid)
        case "whiteout":
            return whiteout(name.rstrip("/"))
        case "opaque":
            return opaque(name if source.random() < PLACED else "")
        case rare:
            return _make_rare(source, rare, name, mode)


def _make_rare(source: random.Random, kind: str, name: str, mode: int) -> TarMember:
    match kind:
        case "whiteout device":
            return device(name, 0, 0, mode=mode)
        case "device":
            return device(name, 1, 3, block=source.random() < 0.5, mode=mode)
        case "pipe":
            return fifo(name, mode=mode)
        case "odd whiteout":
            return _make_odd_whiteout(source, whiteout(name.rstrip("/")).name)
        case "root":
            return source.choice((directory, directory, file))(source.choice(ROOTS), mode=mode)
        case _:
            return source.choice((file, file, directory))(source.choice(BOOKKEEPING))


def _make_odd_whiteout(source: random.Random, name: str) -> TarMember:
    """A whiteout that is no empty file."""
    match source.randrange(5):
        case 0:
            return directory(name)
        case 1:
            return symlink(name, "a")
        case 2:
            return hardlink(name, "a")
        case 3:
            return fifo(name)
        case _:
            return file(name, b"content")
