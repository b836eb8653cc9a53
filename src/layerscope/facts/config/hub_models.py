"""Models of the hub that the image holds whole, where its client looks for them, and whether the client may ask."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.config.hub_place import find_hub_place
from layerscope.facts.config.identity import resolve_identity
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.accounts import collect_accounts
from layerscope.facts.system.launch_words import HUB_VARIABLES, OFFLINE_VARIABLES
from layerscope.facts.system.model_words import Named, find_revision, list_named, split_commands, split_words
from layerscope.facts.system.started_commands import StartedCommand, find_started
from layerscope.filesystem.node import Node
from layerscope.layers.entry import EntryType

MODELS_LIMIT: Final = 50
"""Models of one cache that are looked at; images have one to three."""

_FOLDER: Final = re.compile(r"models--([\w.-]{1,96})--([\w.-]{1,96})", re.ASCII)
_WEIGHTS: Final = re.compile(r".*\.(?:safetensors|bin|gguf|pt|pth|onnx|h5|msgpack)")
_PART: Final = re.compile(r"(.*)-(\d{5})-of-(\d{5})(\.\w+)", re.ASCII)
_INDEX: Final = ".index.json"
_CONFIG: Final = "config.json"


class HubModel(Fact, frozen=True):
    """A model of the hub that lies in its client's cache, each link of it leading to a file.

    `revisions` are the names by which the client finds it without asking. `told` says what names the model for the
    process; empty where only a Python script may. `is_decided` tells that the environment or a script says whether
    the hub may be asked. The evidence is the model's folder.
    """

    name: str
    revisions: tuple[str, ...]
    told: str
    is_decided: bool


class HubModelCollector(Collector):
    """Looks into the cache that the config's environment leads the client to."""

    name = "config.hub-models"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the models, sorted by name."""
        runtime = context.image.config.runtime
        environment = dict(entry.partition("=")[::2] for entry in runtime.env)
        started = tuple(
            StartedCommand(each.evidence, each.words, each.is_handover, each.variables)
            for each in context.shared(find_started)
        )
        from_scripts = dict(pair for each in started for pair in each.variables)
        words = split_words((*runtime.entrypoint, *runtime.cmd))
        is_decided = any(_decides(name, words, {**environment, **from_scripts}) for name in OFFLINE_VARIABLES)
        moved = {name: value for name, value in from_scripts.items() if name in HUB_VARIABLES and "$" not in value}
        home = resolve_identity(runtime.user, collect_accounts(context)).home or "/"
        named = list_named(words, environment, started)
        commands = (*split_commands(words), *(each.words for each in started))
        for node, name in _find_models(context, find_hub_place({**environment, **moved}, home)):
            revisions = _list_revisions(context, node)
            asked = find_revision(name, commands, {**environment, **from_scripts}) or "main"
            told = _find_told(name, named) if asked in revisions else ""
            if revisions:
                yield HubModel(Evidence(node.layer, node.path), name, revisions, told, is_decided)


def _decides(name: str, words: tuple[str, ...], environment: dict[str, str]) -> bool:
    """Whether a variable is set to something, by the environment, a script, or in front of the command."""
    return bool(environment.get(name)) or any(word.startswith(f"{name}=") for word in words)


def _find_told(name: str, named: list[Named]) -> str:
    """What names a model for the process: the first word that names any is believed."""
    return named[0].evidence if named and named[0].value == name else ""


def _find_models(context: FactContext, place: str) -> Iterator[tuple[Node, str]]:
    """The folders of models in a cache, and the names of these."""
    cache = context.tree.resolve(place.strip("/"))
    folders = sorted(context.tree.children(cache.path))[:MODELS_LIMIT] if cache is not None else []
    for path in folders:
        match, node = _FOLDER.fullmatch(path.rpartition("/")[2]), context.tree.get(path)
        if match is not None and node is not None:
            yield node, f"{match[1]}/{match[2]}"


def _list_revisions(context: FactContext, folder: Node) -> tuple[str, ...]:
    """The names by which the client finds a snapshot, if there is one alone and it is whole; else none."""
    snapshots = _list_names(context, f"{folder.path}/snapshots")
    blobs = _list_names(context, f"{folder.path}/blobs")
    if len(snapshots) != 1 or any(each.endswith(".incomplete") for each in blobs):
        return ()
    if not _is_whole(context, f"{folder.path}/snapshots/{snapshots[0]}"):
        return ()
    return (*_list_names(context, f"{folder.path}/refs"), snapshots[0])


def _is_whole(context: FactContext, snapshot: str) -> bool:
    """Whether a snapshot has a config and weights, all parts of them, and no link that leads to nothing."""
    names = _list_names(context, snapshot)
    nodes = [context.tree.resolve(f"{snapshot}/{name}") for name in names]
    parts = [match for name in names if (match := _PART.fullmatch(name))]
    counts = {(match[1], match[3], match[4]) for match in parts}
    has_parts = len(parts) == sum(int(count) for _, count, _ in counts)
    has_weights = any(_WEIGHTS.fullmatch(name) for name in names)
    has_index = any(name.endswith(_INDEX) for name in names)
    is_there = all(node is not None and (node.type is EntryType.DIRECTORY or node.size > 0) for node in nodes)
    return _CONFIG in names and has_weights and has_parts and (bool(parts) or not has_index) and is_there


def _list_names(context: FactContext, path: str) -> list[str]:
    """The names in a folder."""
    node = context.tree.get(path)
    return sorted(each.rpartition("/")[2] for each in context.tree.children(path)) if node is not None else []
