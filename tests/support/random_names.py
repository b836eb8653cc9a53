"""Names of random members: few paths, so that they meet, in all the ways that a tar may spell them.

Most often a name is new to its layer and in order, or nearly every layer would be refused for the same few reasons.
"""

import random
from collections.abc import Sequence
from typing import Final

from support.tar_member import Kind, TarMember

PATHS: Final = ("a", "b", "d", "d/a", "d/b", "d/e", "d/e/f", "l", "l/x", "m", "m/y", "d/l", "d/l/z")
TARGETS: Final = ("a", "b", "d", "d/e", "../a", "/d", "/l", "..", "e", "../d", "m", "/m", "nope", "d/../d", "/", "l/x")
"""Where symlinks lead: to files, directories, each other, round, above the root, and to nothing."""
PLAIN: Final = 0.75
"""How many names are written as they are."""
ORDERLY: Final = 0.9
"""How many members keep to what a layer may hold."""
TRIES: Final = 8


def choose_name(source: random.Random, members: Sequence[TarMember]) -> str:
    """The name of the next member of a layer: new and not below a file, or now and then any."""
    taken = {strip(member.name): member.kind for member in members}
    path = source.choice(PATHS)
    if source.random() < ORDERLY:
        for _ in range(TRIES):
            if path not in taken and not _is_below(path, taken):
                break
            path = source.choice(PATHS)
    elif path in taken and source.random() < 0.5:
        return f"/{path}"
    return spell(source, path)


def choose_hard_link_target(source: random.Random, members: Sequence[TarMember]) -> str | None:
    """What a hard link leads to: a file before it in its layer, if there is one, or now and then any path."""
    files = [member.name for member in members if member.kind is not Kind.DIRECTORY]
    if source.random() > ORDERLY:
        return spell(source, source.choice(PATHS))
    return spell(source, strip(source.choice(files))) if files else None


def choose_symlink_target(source: random.Random) -> str:
    """What a symlink says."""
    return source.choice(TARGETS)


def spell(source: random.Random, path: str) -> str:
    """A path in one of its spellings, most often its own."""
    if source.random() < PLAIN:
        return path
    return source.choice(
        (
            f"./{path}",
            f"./{path}",
            f"/{path}",
            f"/{path}",
            f"../{path}",
            f"/../{path}",
            f"q/../{path}",
            f"d/../{path}",
            path.replace("/", "//"),
            path.replace("/", "/./"),
            f"{path}/",
            f"././{path}",
        )
    )


def strip(name: str) -> str:
    """A name without what most spellings add."""
    for prefix in ("././", "./", "q/../", "d/../", "/../", "../", "/"):
        name = name.removeprefix(prefix)
    return name.replace("//", "/").replace("/./", "/").rstrip("/")


def _is_below(path: str, taken: dict[str, Kind]) -> bool:
    """Whether something that is neither a directory nor a symlink has one of the names that the path leads through."""
    steps = path.split("/")
    above = ("/".join(steps[:end]) for end in range(1, len(steps)))
    return any(taken.get(each, Kind.DIRECTORY) not in {Kind.DIRECTORY, Kind.SYMLINK} for each in above)
