"""From files that are wanted at paths to cuts: replaced where they are, or in a new layer above all others."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from layerscope.errors import UsageError
from layerscope.filesystem.links import resolve_path
from layerscope.filesystem.node import IMPLIED_MODE, Node
from layerscope.filesystem.tree import MergedTree
from layerscope.fixes.surgery.cuts import Attributes, ImageCuts, LayerCuts, NewFile
from layerscope.fixes.surgery.named_paths import is_at_or_below
from layerscope.fixes.surgery.odd_layers import find_odd_layers
from layerscope.fixes.surgery.whiteouts import list_above
from layerscope.layers.entry import EntryType
from layerscope.layers.path import WHITEOUT_PREFIX


def plan_files(
    tree: MergedTree, cuts: ImageCuts, files: Mapping[str, NewFile], *, dropped: AbstractSet[str] = frozenset()
) -> ImageCuts:
    """The cuts with these files, by path, some others being `dropped`.

    Raises UsageError for a path that cannot hold one.
    """
    gone = cuts.paths | dropped
    odd = find_odd_layers(tree) if files else frozenset()
    layers, top = list(cuts.layers), dict[str, NewFile | Attributes]()
    placed: dict[str, NewFile] = {}
    for path, file in sorted(files.items()):
        _check_wish(path, files, gone)
        node = tree.get(path)
        if node is None:
            top |= _plan_new(tree, path, file)
            placed[path] = file
            continue
        _check_replaced(tree, node, odd)
        placed[path] = replace(file, attributes=_keep_attributes(node, file))
        layers[node.layer] = _replace(layers[node.layer], node.position, placed[path])
    return replace(cuts, layers=tuple(layers), files=placed, top=dict(sorted(top.items())))


def _replace(cuts: LayerCuts, position: int, file: NewFile) -> LayerCuts:
    return replace(cuts, replaced={**cuts.replaced, position: file})


def _keep_attributes(node: Node, file: NewFile) -> Attributes:
    """Owner, mode and extended attributes of the old file; the time is that of the new content."""
    return Attributes(node.mode, node.uid, node.gid, file.attributes.mtime_ns, node.xattrs)


def _check_wish(path: str, files: Iterable[str], gone: AbstractSet[str]) -> None:
    """Raise UsageError where another wish speaks against a file."""
    task = _tell_task(path)
    if any(part.startswith(WHITEOUT_PREFIX) for part in path.split("/")):
        raise UsageError(f"{task}: runtimes take names that begin with {WHITEOUT_PREFIX!r} for whiteouts")
    if is_at_or_below(path.rpartition("/")[0], set(files)):
        raise UsageError(f"{task}: another file is to be put where a folder would have to be")
    if is_at_or_below(path, gone):
        raise UsageError(f"{task}: it, or a folder on its way, is to be dropped; expected one or the other")


def _check_replaced(tree: MergedTree, node: Node, odd: AbstractSet[int]) -> None:
    """Raise UsageError where what lies there cannot get another content."""
    task, stack = _tell_task(node.path), tree.stack
    if node.type is EntryType.SYMLINK:
        target = tree.resolve(node.path)
        leads = f"; it leads to /{target.path}" if target is not None else ", which leads nowhere"
        raise UsageError(f"{task}: it is a link to {node.link!r}{leads}; expected the path of a file")
    if node.type is not EntryType.FILE:
        raise UsageError(f"{task}: a {_tell_type(node.type)} is there; expected a file, or nothing")
    others = [link for link, content in stack.hard_links.items() if content == stack.content(node.ordinal)]
    if others:
        names = {stack.path(each) for each in (*others, stack.content(node.ordinal))} - {node.path}
        told = ", ".join(f"/{path}" for path in sorted(names)[:3])
        raise UsageError(f"{task}: hard links share its content ({told}); drop them first, or put the file elsewhere")
    if node.layer in odd:
        raise UsageError(f"{task}: layer {node.layer} holds it, whose entries replace each other; it is left as it is")


def _plan_new(tree: MergedTree, path: str, file: NewFile) -> dict[str, NewFile | Attributes]:
    """The file and the directories on its way, which a runtime would reset if they were not named."""
    found: dict[str, NewFile | Attributes] = {path: file}
    for directory in sorted(list_above(path.rpartition("/")[0])):
        node = tree.get(directory)
        if node is None:
            found[directory] = Attributes(IMPLIED_MODE, 0, 0, file.attributes.mtime_ns)
        elif node.type is EntryType.DIRECTORY:
            time = file.attributes.mtime_ns if node.mtime_ns is None else node.mtime_ns
            found[directory] = Attributes(node.mode, node.uid, node.gid, time, node.xattrs)
        else:
            raise UsageError(f"{_tell_task(path)}: {_tell_way(tree, node, path)}")
    return found


def _tell_way(tree: MergedTree, node: Node, path: str) -> str:
    """Why a path leads through something that is no directory, and what to name instead."""
    if node.type is not EntryType.SYMLINK:
        return f"/{node.path} is a {_tell_type(node.type)}; expected a folder"
    parent, _, name = path.rpartition("/")
    target = resolve_path(parent, tree.get, follow_last=True).node
    leads = f"; expected /{target.path}/{name}" if target is not None else ", which leads nowhere; expected a folder"
    return f"/{node.path} is a link to {node.link!r}{leads}"


def _tell_type(kind: EntryType) -> str:
    return kind.name.lower().replace("_", " ").replace("directory", "folder")


def _tell_task(path: str) -> str:
    return f"putting a file at /{path}"
