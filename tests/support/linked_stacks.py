"""Stacks of layers over few names, made at random: sound in themselves, with hard links within and across them."""

from random import Random
from typing import Final

from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType
from support.edited_layers import make_tree
from support.strategies import SECOND
from support.tar_member import (
    Attributes,
    TarMember,
    directory,
    file,
    hardlink,
    opaque,
    symlink,
    whiteout,
)
from support.tar_writer import write_tar

_KINDS: Final = (
    "file",
    "file",
    "file",
    "directory",
    "symlink",
    "link",
    "link",
    "link",
    "whiteout",
    "whiteout",
    "opaque",
)
_CONTENTS: Final = (b"", b"1", b"22" * 300)


def make_linked_stack(seed: int) -> list[list[TarMember]]:
    """Two to five layers."""
    random = Random(seed)
    layers: list[list[TarMember]] = []
    for _ in range(random.randint(2, 5)):
        layers.append(_LayerMaker(random, make_tree([write_tar(layer) for layer in layers])).make())
    return layers


class _LayerMaker:
    """One layer on those below: each path once, parents before children, links to files that it leaves alone."""

    def __init__(self, random: Random, below: MergedTree) -> None:
        self._random = random
        self._below = [path for path in below if (node := below.get(path)) and node.type is EntryType.FILE]
        self._kinds: dict[str, str] = {}
        self._files: list[str] = []
        self._members: list[TarMember] = []

    def make(self) -> list[TarMember]:
        """The members."""
        count = self._random.randint(1, 7)
        names = ("/".join(self._random.choices("abc", k=self._random.randint(1, 3))) for _ in range(count))
        for path in sorted(set(names)):
            parents = [path[:place] for place, letter in enumerate(path) if letter == "/"]
            if all(self._kinds.get(parent, "directory") == "directory" for parent in parents):
                self._add(path)
        return self._members

    def _add(self, path: str) -> None:
        kind, random = self._random.choice(_KINDS), self._random
        given: Attributes = {"mode": random.choice([0o600, 0o755]), "uid": random.choice([0, 7])}
        given["mtime_ns"] = random.choice([1, 5]) * SECOND
        match kind:
            case "file":
                self._members.append(file(path, random.choice(_CONTENTS), **given))
                self._files.append(path)
            case "directory":
                self._members.append(directory(path, **given))
            case "symlink":
                self._members.append(symlink(path, random.choice(["a", "/b", "../c"])))
            case "whiteout":
                self._members.append(whiteout(path))
            case "opaque":
                self._members.append(opaque(path))
            case _:
                targets = self._list_targets(path)
                if not targets:
                    return
                self._members.append(hardlink(path, random.choice(targets), **given))
        self._kinds[path] = "directory" if kind == "opaque" else kind

    def _list_targets(self, path: str) -> list[str]:
        """Files of this layer, and of those below at whose paths it changes nothing."""
        changed = [each for each, kind in self._kinds.items() if kind != "directory"]
        kept = [each for each in self._below if not any(f"{each}/".startswith(f"{other}/") for other in changed)]
        return [each for each in (*self._files, *kept) if not f"{each}/".startswith(f"{path}/")]
