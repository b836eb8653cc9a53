"""Links as a runtime meets them while it unpacks one layer: symlinked parents, and the targets of hard links."""

from collections import deque
from collections.abc import Mapping
from typing import Final

from layerscope.filesystem.stack import LayerStack
from layerscope.layers.entry import EntryType

MAX_LINKS: Final = 255
"""Symlinks followed for one parent directory, as containerd's fs.RootPath does."""

_SYMLINK: Final = EntryType.SYMLINK.value
_HARDLINK: Final = EntryType.HARDLINK.value
_DIRECTORY: Final = EntryType.DIRECTORY.value


def resolve_directory(path: str, symlinks: Mapping[str, str]) -> str | None:
    """The directory that `path` leads to through the layer's own symlinks, never out of the root; None in a loop.

    Symlinks of lower layers play no part: the runtime unpacks into an empty directory, and makes what is missing there.
    """
    pending = deque(path.split("/"))
    done: list[str] = []
    followed = 0
    while pending:
        part = pending.popleft()
        if part == "..":
            del done[-1:]
            continue
        if part in {"", "."}:
            continue
        done.append(part)
        target = symlinks.get("/".join(done))
        if target is None:
            continue
        followed += 1
        if followed > MAX_LINKS:
            return None
        done = [] if target.startswith("/") else done[:-1]
        pending.extendleft(reversed(target.split("/")))
    return "/".join(done)


def resolve_parent(path: str, symlinks: Mapping[str, str]) -> str | None:
    """`path` with the links in its parent followed, itself left alone; None in a loop."""
    parent, slash, name = path.rpartition("/")
    directory = resolve_directory(parent, symlinks)
    if directory is None:
        return None
    return f"{directory}/{name}" if slash and directory else name


def own_symlinks(stack: LayerStack, layer: int) -> dict[str, str]:
    """The targets of a layer's symlinks by path."""
    index, start = stack.indexes[layer], stack.starts[layer]
    types, paths = stack.types, index.paths
    return {paths[position]: target for position, target in index.links.items() if types[start + position] == _SYMLINK}


def connect_hard_links(stack: LayerStack, layer: int, own: Mapping[str, int], lower: Mapping[str, int]) -> None:
    """Connect every hard link of a layer whose entries have different paths."""
    index, start = stack.indexes[layer], stack.starts[layer]
    symlinks: dict[str, str] | None = None
    for position in sorted(index.links):
        if stack.types[start + position] != _HARDLINK:
            continue
        target = index.links[position]
        if target not in own:
            symlinks = own_symlinks(stack, layer) if symlinks is None else symlinks
            target = resolve_parent(target, symlinks) or target
        connect_hard_link(stack, start + position, own.get(target, lower.get(target)))


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
