"""The Python scripts that the config's command runs, itself or through entry scripts."""

import re
from collections.abc import Sequence
from typing import Final

from layerscope.facts.context import FactContext
from layerscope.facts.python.entry_module import find_entry_module
from layerscope.facts.system.commands import base_name, find_final_command
from layerscope.facts.system.programs import join_path
from layerscope.facts.system.started_commands import find_started
from layerscope.filesystem.node import Node

_LOADERS: Final = frozenset({"uvicorn", "gunicorn", "hypercorn"})
"""Programs that load an application, as `MODULE:NAME`."""

_APPLICATION: Final = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.\w+)*):\w+(?:\(\))?", re.ASCII)


def find_started_scripts(context: FactContext) -> tuple[Node, ...]:
    """The scripts, in the order in which they are reached; ask through `context.shared`."""
    runtime = context.image.config.runtime
    commands = [(*runtime.entrypoint, *runtime.cmd), *(each.words for each in context.shared(find_started))]
    nodes = (_find_script(context, command) for command in commands)
    return tuple({node.path: node for node in nodes if node is not None}.values())


def _find_script(context: FactContext, command: Sequence[str]) -> Node | None:
    """The script that Python runs, or the module of the application that a server loads."""
    found = find_entry_module(context, command)
    if found is not None:
        return found[0]
    words = find_final_command(command)
    if not words or base_name(words[0]) not in _LOADERS:
        return None
    match = next(filter(None, map(_APPLICATION.fullmatch, words[1:])), None)
    if match is None:
        return None
    path = join_path(context.image.config.runtime.working_dir, match["module"].replace(".", "/"))
    return context.tree.resolve(f"{path}.py")
