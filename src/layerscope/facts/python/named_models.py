"""Models that the image's Python program names in the calls that load them."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.entry_extractor import PythonEntryExtractor
from layerscope.facts.python.entry_module import find_entry_module
from layerscope.facts.system.commands import base_name, find_final_command
from layerscope.facts.system.programs import join_path
from layerscope.facts.system.started_commands import find_started
from layerscope.filesystem.node import Node

_LOADERS: Final = frozenset({"uvicorn", "gunicorn", "hypercorn"})
"""Programs that load an application, as `MODULE:NAME`."""

_APPLICATION: Final = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.\w+)*):\w+(?:\(\))?", re.ASCII)


class NamedModel(Fact, frozen=True):
    """A path or a repository that a call such as `from_pretrained` names; the evidence is the script."""

    call: str
    value: str
    revision: str = ""
    """The one of the repository that it names; empty where it names none."""


class NamedModelCollector(Collector):
    """Follows the config's command, and the entry scripts that it runs, to a Python script."""

    name = "python.named-models"
    extractors = (PythonEntryExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact for each call, scripts in the order in which they are reached."""
        runtime = context.image.config.runtime
        commands = [(*runtime.entrypoint, *runtime.cmd), *(each.words for each in context.shared(find_started))]
        nodes = (_find_script(context, command) for command in commands)
        for node in {node.path: node for node in nodes if node is not None}.values():
            kept = context.extract_of(PythonEntryExtractor.name, node)
            calls = kept.get("calls", []) if isinstance(kept, dict) else []
            for call, value, revision in msgspec.convert(calls, list[tuple[str, str, str]]):
                yield NamedModel(Evidence(node.content_layer, node.path), call, value, revision)


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
