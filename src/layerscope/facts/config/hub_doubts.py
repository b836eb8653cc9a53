"""What may lead the hub's client elsewhere than the config's words tell: settings that are not read, and folders."""

from collections.abc import Iterable, Sequence
from posixpath import join, normpath
from typing import Final

import msgspec

from layerscope.facts.context import FactContext
from layerscope.facts.system.commands import base_name
from layerscope.facts.system.hub_words import HubWords
from layerscope.facts.system.outer_settings import UNTOLD, find_sources
from layerscope.facts.system.script_extractor import EntryScriptExtractor
from layerscope.facts.system.sourced_extractor import SourcedFile, SourcedFileExtractor
from layerscope.facts.system.started_commands import Started
from layerscope.filesystem.tree import MergedTree

FOLLOWED_FILES: Final = 4
"""Files that read one another."""

_PASSING: Final = frozenset({"nvidia_entrypoint.sh"})
"""Scripts that read files of their maker, and pass on the environment as it is."""


def is_doubted(context: FactContext, said: HubWords, started: Sequence[Started], name: str) -> bool:
    """Whether settings that are not read may lead elsewhere, or a folder of the model's name is taken in its place."""
    own = [each for each in started if base_name(each.evidence.path or "") not in _PASSING]
    folder = context.image.config.runtime.working_dir
    sources = [*said.sources, *(source for each in own for source in (*each.sources, *find_sources(each.words)))]
    if any(_may_set(context, folder, source) for source in dict.fromkeys(sources)):
        return True
    return _lies_beside(context.tree, folder, [*said.moves, *(UNTOLD for each in own if each.is_moved)], name)


def _may_set(context: FactContext, folder: str, source: str, depth: int = FOLLOWED_FILES) -> bool:
    """Whether a file may say where the cache is: one that is not read, or whose text names such a variable.

    So may those that it reads in turn.
    """
    place = normpath(join("/", folder, source)).strip("/")
    node = context.tree.resolve(place) if source != UNTOLD and depth else None
    if node is None:
        return True
    kept = context.extract_of(SourcedFileExtractor.name, node)
    if not isinstance(kept, dict):
        script = context.extract_of(EntryScriptExtractor.name, node)
        return not isinstance(script, dict) or bool(script.get("names_hub", True))
    file = msgspec.convert(kept, SourcedFile)
    return file.says or any(_may_set(context, folder, each, depth - 1) for each in file.sources)


def _lies_beside(tree: MergedTree, folder: str, moves: Iterable[str], name: str) -> bool:
    """Whether the process may find the model by its name as a path: clients take what is there before they ask."""
    moved = list(moves)
    if any(move == UNTOLD or move.startswith("~") or "$" in move for move in moved):
        return any(f"/{path}".endswith(f"/{name}") for path in tree)
    return tree.resolve(normpath(join("/", folder, *moved, name)).strip("/")) is not None
