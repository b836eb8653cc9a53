"""The Python script or module that a command runs, as a file of the image."""

from collections.abc import Sequence
from typing import Final

from layerscope.facts.context import FactContext
from layerscope.facts.system.commands import find_final_command, is_python
from layerscope.facts.system.programs import join_path
from layerscope.filesystem.node import Node

_VALUED: Final = frozenset({"-W", "-X", "--check-hash-based-pycs"})
"""The interpreter's options that take the next word."""


def find_entry_module(context: FactContext, command: Sequence[str]) -> tuple[Node, str] | None:
    """The script or module that a command runs, and the folder that Python puts in front of its module path."""
    words, here = find_final_command(command), context.image.config.runtime.working_dir
    if not words:
        return None
    if words[0].endswith(".py"):
        return _locate(context, join_path(here, words[0]))
    rest = _skip_options(words[1:]) if is_python(words[0]) else []
    if rest[:1] == ["-m"] and len(rest) > 1:
        path = join_path(here, rest[1].replace(".", "/"))
        found = _locate(context, f"{path}.py") or _locate(context, f"{path}/__main__.py")
        return None if found is None else (found[0], here.strip("/"))
    return _locate(context, join_path(here, rest[0])) if rest and rest[0].endswith(".py") else None


def _skip_options(words: Sequence[str]) -> list[str]:
    """The words from the script or `-m` on."""
    position = 0
    while position < len(words) and words[position].startswith("-") and words[position] != "-m":
        position += 2 if words[position] in _VALUED else 1
    return list(words[position:])


def _locate(context: FactContext, path: str) -> tuple[Node, str] | None:
    """A script, links followed, with its folder."""
    node = context.tree.resolve(path)
    return None if node is None else (node, node.path.rpartition("/")[0])
