"""Stacks of layers that every engine unpacks, each for one rule of stacking."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from support.tar_member import Kind, TarMember, device, directory, fifo, file, hardlink, opaque, symlink, whiteout

TOP: Final = "cases"
"""The folder of all cases, where they are one image."""

Layers = Sequence[Sequence[TarMember]]

LOWER: Final = (
    directory("d", mode=0o700, uid=5),
    file("d/x", b"lower x", mode=0o640),
    directory("d/sub"),
    file("d/sub/y", b"lower y"),
    file("top", b"top"),
)

CASES: Final[dict[str, list[list[TarMember]]]] = {
    "file over file": [[*LOWER], [directory("d"), file("d/x", b"upper", mode=0o755, uid=7)]],
    "whiteout of file": [[*LOWER], [directory("d", mode=0o700), whiteout("d/x")]],
    "whiteout of directory": [[*LOWER], [whiteout("d")]],
    "whiteout of nothing": [[*LOWER], [whiteout("nothing")]],
    "whiteout in a new directory": [[*LOWER], [whiteout("new/nothing")]],
    "whiteout below a lower file": [[*LOWER], [whiteout("top/x")]],
    "whiteout before a file of its layer": [[*LOWER], [whiteout("top"), file("top", b"new")]],
    "whiteout before a symlink of its layer": [[*LOWER], [whiteout("d"), symlink("d", "top")]],
    "removed and back": [[*LOWER], [whiteout("d")], [directory("d"), file("d/z", b"z")]],
    "opaque first": [[*LOWER], [directory("d"), opaque("d"), file("d/new", b"new")]],
    "opaque last": [[*LOWER], [directory("d"), file("d/new", b"new"), opaque("d")]],
    "opaque of a subdirectory": [[*LOWER], [directory("d"), directory("d/sub"), opaque("d/sub")]],
    "opaque and whiteout above": [
        [*LOWER],
        [directory("d"), opaque("d"), file("d/n")],
        [directory("d"), whiteout("d/n")],
    ],
    "directory over directory": [[*LOWER], [directory("d", mode=0o711), file("d/new", b"new")]],
    "directory over file": [[*LOWER], [directory("top"), file("top/x", b"x")]],
    "file over directory": [[*LOWER], [file("d", b"file")]],
    "symlink over directory": [[*LOWER], [symlink("d", "top")]],
    "directory over symlink": [[*LOWER, symlink("s", "d")], [directory("s"), file("s/x", b"x")]],
    "file between directories": [[*LOWER], [file("d")], [directory("d"), file("d/z", b"z")]],
    "entry below a lower symlink": [[directory("d"), symlink("s", "d")], [file("s/x", b"x")]],
    "entry below a lower file": [[*LOWER], [file("top/x", b"x")]],
    "symlinked parent": [[directory("b"), file("b/low")], [directory("b"), symlink("a", "b"), file("a/c", b"c")]],
    "symlinked parent, twice": [
        [directory("b"), directory("b/e"), symlink("x", "b"), symlink("y", "x/e"), file("y/c")]
    ],
    "hard link": [[file("a", b"one", mode=0o600, uid=3), hardlink("b", "a", mode=0o600, uid=3)]],
    "hard link, target removed above": [[file("a", b"one"), hardlink("b", "a")], [whiteout("a")]],
    "hard link, target replaced above": [[file("a", b"one"), hardlink("b", "a")], [file("a", b"two")]],
    "hard link over a lower file": [[*LOWER], [file("a", b"one"), hardlink("top", "a")]],
    "hard link to a symlink": [[file("a", b"one"), symlink("s", "a"), hardlink("b", "s")]],
    "hard link through a symlinked directory": [
        [directory("b"), file("b/f", b"f"), symlink("s", "b"), hardlink("h", "s/f")]
    ],
    "device of a whiteout": [[*LOWER], [device("top", 0, 0)]],
    "device and pipe": [[device("null", 1, 3), fifo("pipe")], [file("pipe", b"file")]],
    "names of any bytes": [[file("a\nb\udcff \u00e4", b"x"), directory("\u2028")], [file("\u2028/\x1b[31m")]],
    "set-uid and sticky": [[directory("tmp", mode=0o1777), file("su", mode=0o4755)], [file("su2", mode=0o2755)]],
    "many layers": [[file("a", str(number).encode()), file(f"f{number}")] for number in range(20)],
}
"""No layer holds a path twice or leaves a directory with other attributes than 0755 and root unnamed."""


def combine(cases: Mapping[str, Layers]) -> list[list[TarMember]]:
    """One image of all cases, each in a directory of its own, so that an engine has to load only one."""
    layers: list[list[TarMember]] = [[] for _ in range(max(map(len, cases.values())))]
    layers[0].append(directory(TOP))
    for number, case in enumerate(cases.values()):
        layers[0].append(directory(f"{TOP}/{number}"))
        for layer, members in zip(layers, case, strict=False):
            layer += [move(member, f"{TOP}/{number}") for member in members]
    return layers


def move(member: TarMember, folder: str) -> TarMember:
    """The member below a folder; hard links point there too."""
    link = f"{folder}/{member.link}" if member.kind is Kind.HARDLINK else member.link
    return replace(member, name=f"{folder}/{member.name}", link=link)
