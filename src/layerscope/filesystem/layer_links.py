"""Links as a runtime meets them while it unpacks one layer: symlinked parents, and the targets of hard links."""

from collections.abc import Mapping
from typing import Final

from layerscope.filesystem.stack import LayerStack
from layerscope.layers.entry import EntryType
from layerscope.layers.own_symlinks import OwnSymlinks

_SYMLINK: Final = EntryType.SYMLINK.value
_HARDLINK: Final = EntryType.HARDLINK.value
_DIRECTORY: Final = EntryType.DIRECTORY.value


def own_symlinks(stack: LayerStack, layer: int) -> OwnSymlinks:
    """A layer's symlinks, and those of its hard links that are known to lead to one."""
    index, found = stack.indexes[layer], OwnSymlinks()
    start = stack.starts[layer]
    for position, target in index.links.items():
        if stack.types[start + position] == _SYMLINK:
            found.put(index.paths[position], target)
        else:
            repeat_symlink(stack, start + position, index.paths[position], found)
    return found


def connect_hard_links(stack: LayerStack, layer: int, own: Mapping[str, int], lower: Mapping[str, int]) -> None:
    """Connect every hard link of a layer whose entries have different paths."""
    index, start = stack.indexes[layer], stack.starts[layer]
    symlinks: OwnSymlinks | None = None
    for position in sorted(index.links):
        if stack.types[start + position] != _HARDLINK:
            continue
        target, path = index.links[position], index.paths[position]
        if target not in own:
            symlinks = own_symlinks(stack, layer) if symlinks is None else symlinks
            target = symlinks.resolve_parent(target) or target
        connect_hard_link(stack, start + position, own.get(target, lower.get(target)))
        if symlinks is not None:
            repeat_symlink(stack, start + position, path, symlinks)


def repeat_symlink(stack: LayerStack, ordinal: int, path: str, symlinks: OwnSymlinks) -> None:
    """A hard link to a symlink is followed like the symlink."""
    if stack.type(ordinal) is EntryType.SYMLINK:
        layer, position = stack.locate(stack.content(ordinal))
        symlinks.put(path, stack.indexes[layer].links.get(position, ""))


def connect_hard_link(stack: LayerStack, ordinal: int, target: int | None) -> None:
    """Let a hard link share its target's content; one that leads to nothing or to a directory stays without.

    Runtimes set mode, owner and time of the shared inode from every link's header, so the last one's hold for all.
    A target in a lower layer makes overlayfs's unpackers fail; others copy it up, which keeps the lower one as it was.
    """
    content = None if target is None else stack.content(target)
    if content is None or content < 0 or stack.types[content] in {_DIRECTORY, _HARDLINK}:
        return
    stack.hard_links[ordinal] = content
    layer, position = stack.locate(ordinal)
    last_layer, last = stack.locate(stack.attributes.get(content, content))
    if layer != last_layer:
        return
    index = stack.indexes[layer]
    if index.attributes[position] != index.attributes[last] or index.mtimes_ns[position] != index.mtimes_ns[last]:
        stack.attributes[content] = ordinal
