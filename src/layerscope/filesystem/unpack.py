"""One layer unpacked alone, as a container runtime does it, column by column where the order of its tar is idle.

overlay2 and containerd's overlayfs snapshotter unpack each layer into a directory of its own and let the kernel stack
them; so do we. Whiteouts and opaque whiteouts become marks, whatever their place in the tar: "Files that are present in
the same layer as a whiteout file can only be hidden by whiteout files in subsequent layers"
(https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts).
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from itertools import chain, compress
from typing import Final

from layerscope.errors import LimitError
from layerscope.filesystem.changeset import Changeset, check_implied, effective_whiteouts
from layerscope.filesystem.layer_links import connect_hard_links
from layerscope.filesystem.replay import replay_layer
from layerscope.filesystem.stack import LayerStack
from layerscope.layers.entry import EntryType
from layerscope.layers.index import LayerIndex
from layerscope.layers.limits import PATH_MAX
from layerscope.layers.own_symlinks import MOST_STEPS, TooManyStepsError

_DIRECTORY: Final = EntryType.DIRECTORY.value
_HARDLINK: Final = EntryType.HARDLINK.value
_WHITEOUT: Final = EntryType.WHITEOUT.value
_OPAQUE: Final = EntryType.OPAQUE.value
_IS_CONTENT: Final = bytes(value not in {_WHITEOUT, _OPAQUE} for value in range(256))
_IS_MARK: Final = bytes(value in {_WHITEOUT, _OPAQUE} for value in range(256))


def unpack_layer(stack: LayerStack, layer: int, lower: Mapping[str, int]) -> Changeset:
    """The tree that one layer makes in an empty directory; `lower` is asked for the targets of hard links only."""
    try:
        return _unpack(stack, layer, lower)
    except TooManyStepsError as error:
        ways = f"merging layer {layer}: its symlinks and whiteouts lead over more names"
        detail = f"{ways} than {MOST_STEPS:,} characters"
        raise LimitError(detail) from error


def _unpack(stack: LayerStack, layer: int, lower: Mapping[str, int]) -> Changeset:
    longest = max(map(len, stack.indexes[layer].paths), default=0)
    changes = _unpack_columns(stack, layer) if longest < PATH_MAX else None
    if changes is None:
        return replay_layer(stack, layer, lower)
    if stack.has_hard_links(layer):
        connect_hard_links(stack, layer, changes.nodes, lower)
    return changes


def _unpack_columns(stack: LayerStack, layer: int) -> Changeset | None:
    """The tree, or None where two entries share a path, or one lies in or links to something that asks for order."""
    index = stack.indexes[layer]
    paths, (start, stop) = index.paths, stack.limits(layer)
    types = stack.types[start:stop]
    ordinals = range(start, stop)
    opaques: list[tuple[str, int]] = []
    whiteouts: list[tuple[str, int]] = []
    content: bytearray | None = None
    if _WHITEOUT in types or _OPAQUE in types:
        content, marks = types.translate(_IS_CONTENT), types.translate(_IS_MARK)
        nodes = dict(zip(compress(paths, content), compress(ordinals, content), strict=True))
        expected = content.count(1)
        for path, ordinal in zip(compress(paths, marks), compress(ordinals, marks), strict=True):
            (opaques if types[ordinal - start] == _OPAQUE else whiteouts).append((path, ordinal))
    else:
        nodes = dict(zip(paths, ordinals, strict=True))
        expected = len(paths)
    if len(nodes) != expected:
        return None
    nodes.pop("", None)
    siblings = _group_by_directory(index, content)
    for path, _ in whiteouts:
        siblings.setdefault(path.rpartition("/")[0], [])
    for path, _ in opaques:
        siblings.setdefault(path, [])
    implied = _imply_directories(siblings, nodes, types, start)
    if implied is None:
        return None
    if whiteouts:
        taken = [ordinal for path, ordinal in whiteouts if path in nodes or path in siblings] if index.devices else []
        removed = {path for path, _ in whiteouts}
        if any(map(stack.is_device, taken)) or not removed.isdisjoint(chain(implied, (path for path, _ in opaques))):
            return None
        if _is_one_linked(stack, layer, removed, nodes):
            return None
    check_implied(layer, sum(map(len, implied)))
    return Changeset(nodes, implied, siblings, opaques, effective_whiteouts(stack, whiteouts, nodes), [])


def _is_one_linked(stack: LayerStack, layer: int, whiteouts: AbstractSet[str], nodes: Mapping[str, int]) -> bool:
    """Whether a hard link may lead to one of these whiteouts: by its name, or through a symlink."""
    if not stack.has_hard_links(layer):
        return False
    links, start = stack.indexes[layer].links, stack.starts[layer]
    targets = (target for position, target in links.items() if stack.types[start + position] == _HARDLINK)
    return any(target in whiteouts or target not in nodes for target in targets)


def _group_by_directory(index: LayerIndex, content: bytearray | None) -> dict[str, list[str]]:
    """The paths by the directory they lie in; `content` flags the entries that are no marks, where there are any."""
    groups: dict[str, list[str]] = {}
    for directory, start, stop in index.iter_runs():
        paths = index.paths[start:stop]
        if content is not None:
            paths = list(compress(paths, content[start:stop]))
        known = groups.get(directory)
        if known is None:
            groups[directory] = paths
        else:
            known.extend(paths)
    top = groups.get("")
    if top:
        groups[""] = [path for path in top if path]
    return groups


def _imply_directories(
    siblings: dict[str, list[str]], nodes: Mapping[str, int], types: bytearray, start: int
) -> list[str] | None:
    """The directories that no entry names, added to `siblings` too; None where something lies in no directory."""
    implied = []
    pending = [directory for directory in siblings if directory]
    for directory in pending:
        ordinal = nodes.get(directory)
        if ordinal is not None:
            if types[ordinal - start] != _DIRECTORY:
                return None
            continue
        implied.append(directory)
        parent = directory.rpartition("/")[0]
        group = siblings.get(parent)
        if group is not None:
            group.append(directory)
            continue
        siblings[parent] = [directory]
        if parent:
            pending.append(parent)
    implied.sort()
    return implied
