"""PathMatch: whether a glob that a person wrote matches what they may have meant by it."""

from collections.abc import Sequence
from enum import Enum, auto
from itertools import islice

from layerscope.filesystem.globs import Glob
from layerscope.filesystem.tree import MergedTree


class PathMatch(Enum):
    """What a glob matches."""

    NOTHING = auto()
    FOLDER_ALONE = auto()
    """The entry of one folder that holds something, and nothing of what it holds."""
    PATHS = auto()


def match_trees(glob: Glob, trees: Sequence[MergedTree]) -> PathMatch:
    """What a glob matches in any of some trees."""
    found = {path for tree in trees for path in islice(glob.find(tree.children, tree.__contains__), 2)}
    if len(found) != 1:
        return PathMatch.PATHS if found else PathMatch.NOTHING
    (path,) = found
    is_folder = any(path in tree and tree.children(path) for tree in trees)
    return PathMatch.FOLDER_ALONE if is_folder else PathMatch.PATHS
