"""Where an image has the program or the library that a message names."""

import posixpath
from collections.abc import Iterator
from typing import Final

from layerscope.audit.result import AuditResult
from layerscope.audit.statement import Bearing, Statement
from layerscope.filesystem.lifetime import EventKind
from layerscope.filesystem.links import LinkFailure
from layerscope.filesystem.node import Node
from layerscope.layers.entry import EntryType
from layerscope.rules.wording import tell_path

SHOWN: Final = 3
"""Places that are told one by one."""

DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where a runtime looks for a command if the image sets no PATH: https://github.com/moby/moby/blob/master/oci/defaults.go"""


def find_variable(result: AuditResult, name: str) -> str | None:
    """A variable of the image's environment."""
    values = dict(entry.partition("=")[::2] for entry in result.image.config.runtime.env)
    return values.get(name)


def find_files(result: AuditResult, name: str) -> tuple[Node, ...]:
    """The files and links called so, the nearest to the root first; links that lead nowhere are none."""
    tree = result.tree
    paths = sorted((path for path in tree if path.rpartition("/")[2] == name), key=lambda path: (path.count("/"), path))
    nodes = ((tree.get(path), tree.resolve(path)) for path in paths)
    return tuple(node for node, end in nodes if node is not None and end is not None and _is_file(end))


def tell_soname(result: AuditResult, soname: str) -> Iterator[Statement]:
    """Whether a library is in the image, and where."""
    nodes = find_files(result, soname)
    for node in nodes[:SHOWN]:
        told = f"{tell_path(node.path)} (layer {node.layer}) is there: a program that does not find it does not search"
        folder = tell_path(node.path.rpartition("/")[0])
        yield Statement(f"{told} {folder}, is for another processor, or runs in another image", Bearing.OPEN)
    if not nodes and result.is_whole:
        removed = next(iter(_find_removed(result, soname)), None)
        told = f"; layer {removed[1]} removed {tell_path(removed[0])}" if removed else ""
        yield Statement(f"{soname} is not in the image{told}", Bearing.EXPLAINS)


def find_program(result: AuditResult, program: str) -> Node | None:
    """The file that is started: by its path, else the first of its name in the folders of PATH."""
    config = result.image.config.runtime
    if "/" in program:
        places = [posixpath.join("/", config.working_dir, program)]
    else:
        searched = find_variable(result, "PATH") or DEFAULT_PATH
        places = [posixpath.join(folder, program) for folder in searched.split(":") if folder.startswith("/")]
    nodes = (result.tree.resolve(posixpath.normpath(place).strip("/")) for place in places)
    return next((node for node in nodes if node is not None and _is_file(node)), None)


def tell_program(result: AuditResult, program: str) -> Iterator[Statement]:
    """Whether the program of a message is there, by its path, else in the folders of PATH."""
    if "/" not in program:
        yield from _tell_command(result, program)
        return
    path = posixpath.normpath(posixpath.join("/", result.image.config.runtime.working_dir, program)).strip("/")
    found = result.tree.resolve_steps(path)
    if found.node is not None:
        told = f"{tell_path(path)} (layer {found.node.layer}) is there"
        if not _is_file(found.node):
            yield Statement(f"{told}, and is no file", Bearing.EXPLAINS)
        else:
            why = "what is missing is its interpreter or its loader, or a volume hides it"
            yield Statement(f"{told}: {why}", Bearing.OPEN)
    elif found.steps:
        end = "which is not there" if found.failure is LinkFailure.MISSING else "which leads no further"
        told = f"{tell_path(path)} leads by a link to {tell_path(found.stopped_at)}, {end}"
        yield Statement(told, Bearing.EXPLAINS)
    elif result.is_whole:
        yield Statement(f"{tell_path(path)} is not in the image{_tell_others(result, path)}", Bearing.EXPLAINS)


def tell_file(result: AuditResult, name: str) -> Iterator[Statement]:
    """That a file of a message, by its path or its bare name, is not in the image; nothing where it is."""
    found = result.tree.resolve(name.strip("/")) is not None if "/" in name else bool(find_files(result, name))
    if not found and result.is_whole:
        yield Statement(f"{name} is not in the image: the message is from another one", Bearing.OPEN)


def _tell_command(result: AuditResult, command: str) -> Iterator[Statement]:
    node = find_program(result, command)
    if node is not None:
        told = f"{command} is in PATH: {tell_path(node.path)} (layer {node.layer})"
        yield Statement(f"{told}; the container runs with another PATH, or is of another image", Bearing.CONTRADICTS)
        return
    if result.is_whole:
        yield Statement(f"{command} is in no folder of PATH{_tell_others(result, command)}", Bearing.EXPLAINS)


def _tell_others(result: AuditResult, path: str) -> str:
    """What became of a path, and where files of its name lie, as the end of a sentence."""
    removed = _last_removal(result, path)
    told = f"; layer {removed} removed it" if removed is not None else ""
    others = [tell_path(node.path) for node in find_files(result, path.rpartition("/")[2])[:SHOWN]]
    return told + (f"; of that name there is {', '.join(others)}" if others else "")


def _find_removed(result: AuditResult, name: str) -> Iterator[tuple[str, int]]:
    """Paths of that name which layers had, with the layer that removed them."""
    paths = {path for index in result.tree.stack.indexes for path in index.paths if path.rpartition("/")[2] == name}
    for path in sorted(paths):
        layer = _last_removal(result, path)
        if layer is not None:
            yield path, layer


def _last_removal(result: AuditResult, path: str) -> int | None:
    """The layer that removed a path that is gone."""
    events = result.tree.lifetime(path) if path not in result.tree else ()
    gone = (EventKind.REMOVED, EventKind.OPAQUED)
    return events[-1].layer if events and events[-1].kind in gone else None


def _is_file(node: Node) -> bool:
    return node.type in {EntryType.FILE, EntryType.HARDLINK}
