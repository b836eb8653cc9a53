"""Reach: by which roots an object comes into a process, told compactly in facts."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from layerscope.facts.context import FactContext
from layerscope.facts.elf.image_processes import ReplayedRoot
from layerscope.facts.elf.resolution import Resolution
from layerscope.facts.elf.roots import Root, RootKind, find_site

SHOWN_ROOTS: Final = 3
"""Roots that a fact names; their number tells the rest."""

CHAIN_LIMIT: Final = 12
"""Objects between a root and the one in question that a fact names."""


CENTRAL_DEPTH: Final = 2
"""Parts of a path below the site directory, from which on a module is no longer its package's own."""


class Reach(Struct, frozen=True):
    """Who loads an object: `kind` is that of the weightiest root, `roots` the first of them, `count` how many.

    `chain` leads from the first root to the object, both included. `package` is the top-level folder of its site
    directory where it lies in one, `is_variant` whether the root is one of several builds of the same module of which a
    program picks what fits. `is_central` marks modules that lie directly in their package, which most packages import
    at once; parts that only some use lie deeper.
    """

    kind: RootKind
    roots: tuple[str, ...]
    count: int
    chain: tuple[str, ...]
    package: str
    is_variant: bool
    is_central: bool


class Place(Struct, frozen=True):
    """An object with its layer and the build step that made it."""

    path: str
    layer: int
    instruction: str


def find_reach(resolution: Resolution, path: str) -> Reach:
    """Who loads an object that some root reaches."""
    replays = resolution.reached[path]
    first = replays[0]
    return Reach(
        kind=first.root.kind,
        roots=tuple(replayed.root.path for replayed in replays[:SHOWN_ROOTS]),
        count=len(replays),
        chain=find_chain(first, path),
        package=find_package(first.root.path) or find_package(path),
        is_central=any(is_central(replayed.root) for replayed in replays),
        is_variant=all(
            replayed.root.is_extension and is_variant(resolution, replayed.root.path) for replayed in replays
        ),
    )


def find_chain(replayed: ReplayedRoot, path: str) -> tuple[str, ...]:
    """The objects from a root to one that it reaches, by the needs that lead there first."""
    before: dict[str, str] = {replayed.root.path: ""}
    for item in replayed.objects:
        for edge in item.edges:
            if edge.path is not None:
                before.setdefault(edge.path, item.path)
    chain = [path]
    while before.get(chain[-1]) and len(chain) < CHAIN_LIMIT:
        chain.append(before[chain[-1]])
    return tuple(reversed(chain))


def find_package(path: str) -> str:
    """The top-level folder or module that a path in a site directory belongs to; empty for all other paths."""
    site = find_site(path)
    return path[len(site) + 1 :].partition("/")[0].partition(".")[0] if site else ""


def is_central(root: Root) -> bool:
    """Whether a module lies in its site directory or in a package directly below."""
    below = root.path[len(root.site) + 1 :] if root.site else ""
    return root.kind is RootKind.EXTENSION and below.count("/") < CENTRAL_DEPTH


def is_variant(resolution: Resolution, path: str) -> bool:
    """Whether the folder holds modules that differ in digits alone, of which a package tries one after the other."""
    folder, _, name = path.rpartition("/")
    stem = _without_digits(name)
    if stem == name.partition(".")[0]:
        return False
    siblings: Sequence[str] = resolution.siblings(folder)
    return sum(_without_digits(other) == stem for other in siblings) > 1


def find_place(context: FactContext, resolution: Resolution, path: str) -> Place:
    """An object's place."""
    layer = resolution.objects[path].layer
    return Place(path, layer, context.instruction(layer))


def _without_digits(name: str) -> str:
    """The first part of a file name with its digits left out."""
    return "".join(letter for letter in name.partition(".")[0] if not letter.isdigit())
