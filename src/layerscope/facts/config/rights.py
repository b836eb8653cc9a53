"""What the permissions of files give to the container's user."""

from collections.abc import Iterator

from layerscope.facts.config.identity import Identity
from layerscope.filesystem.node import Node
from layerscope.filesystem.tree import MergedTree

READ, WRITE, ENTER = 0o4, 0o2, 0o1
_ALL = 0o7


def has_rights(node: Node, identity: Identity, bits: int) -> bool:
    """Whether a path's permissions give those bits to the user: as its owner, by a group, or as anybody."""
    if node.uid == identity.uid:
        shift = 6
    elif node.gid == identity.gid or node.gid in identity.groups:
        shift = 3
    else:
        shift = 0
    return (node.mode >> shift) & _ALL & bits == bits


def is_reached(tree: MergedTree, identity: Identity, node: Node) -> bool:
    """Whether the folders above a path let the user in."""
    return all(has_rights(each, identity, ENTER) for each in _iter_above(tree, node))


def _iter_above(tree: MergedTree, node: Node) -> Iterator[Node]:
    steps = (node.path[:end] for end in range(1, len(node.path)) if node.path[end] == "/")
    return filter(None, map(tree.get, steps))
