"""Models of the hub that the image holds whole, where its client looks for such, and whether the client may ask."""

import re
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from layerscope.facts.collector import Collector
from layerscope.facts.config.hub_beside import list_cached, needs_more
from layerscope.facts.config.hub_doubts import is_doubted
from layerscope.facts.config.hub_place import find_hub_place, is_offline
from layerscope.facts.config.identity import Identity, resolve_identity
from layerscope.facts.config.mount_points import list_declared
from layerscope.facts.config.rights import ENTER, READ, has_rights, is_reached
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.accounts import collect_accounts
from layerscope.facts.system.hub_words import HubWords, asks_modelscope, read_hub_words
from layerscope.facts.system.launch_words import HUB_VARIABLES, OFFLINE_VARIABLES
from layerscope.facts.system.model_words import Started, find_revision, list_named, split_commands, split_words
from layerscope.facts.system.sourced_extractor import SourcedFileExtractor
from layerscope.facts.system.started_commands import StartedCommand, find_started
from layerscope.filesystem.node import Node
from layerscope.image.config import RuntimeConfig
from layerscope.layers.entry import EntryType

MODELS_LIMIT: Final = 50
"""Models that are looked at; images have one to three."""

_MARK: Final = "models--"
_FOLDER: Final = re.compile(r"models--([\w.-]{1,96})--([\w.-]{1,96})", re.ASCII)
_WEIGHTS: Final = re.compile(r".*\.(?:safetensors|bin|gguf|pt|pth|onnx|h5|msgpack)")
_PART: Final = re.compile(r"(.*)-(\d{5})-of-(\d{5})(\.\w+)", re.ASCII)
_INDEX: Final = ".index.json"
_CONFIG: Final = "config.json"
_VARIABLE: Final = "HF_HUB_CACHE"


class HubModel(Fact, frozen=True):
    """A model of the hub that lies in a cache of its client, each link of it leading to a file.

    `revisions` are the names by which the client finds it without asking. `told` says what names the model for the
    process; empty where only a Python script may. `is_decided` tells that the environment or a script says whether
    the hub may be asked, `is_offline` that it may not. The evidence is the model's folder.
    """

    name: str
    revisions: tuple[str, ...]
    told: str
    is_decided: bool
    is_offline: bool
    cache: str
    """The folder of the cache, from the root."""
    place: str
    """Where the client looks, by the environment and the user's home."""
    is_readable: bool | None
    """Whether the user may read the model's files; None where the user is not known."""
    is_volume: bool = False
    """Whether the place is, or lies in, a folder that is filled when the container starts."""
    is_known: bool = True
    """Whether the client looks at the place: no option of the command leads elsewhere, and the name is the hub's."""
    cached: tuple[str, ...] = ()
    """All repositories of which that cache has something."""
    needs_more: bool = False
    """Whether the process names something else of the hub, a tokenizer or an adapter, that is not among them."""
    is_led: bool = False
    """Whether the command or a script itself leads the client there, over which no variable of the config wins."""

    @property
    def is_found(self) -> bool:
        """Whether the client looks in that cache."""
        return self.cache == self.place


class HubModelCollector(Collector):
    """Looks for caches, and where the config's environment leads the client to."""

    name = "config.hub-models"
    extractors = (SourcedFileExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the models, sorted by path."""
        nodes = list(_find_models(context))
        if not nodes:
            return
        runtime = context.image.config.runtime
        started = tuple(
            StartedCommand(each.evidence, each.words, each.is_handover, each.variables)
            for each in context.shared(find_started)
        )
        identity = resolve_identity(runtime.user, collect_accounts(context))
        process = _Process(runtime, started, identity)
        scripts = context.shared(find_started)
        for node, name in nodes:
            revisions = _list_revisions(context, node)
            if revisions:
                model, said = process.describe(context, node, name, revisions)
                yield replace(model, is_known=model.is_known and not is_doubted(context, said, scripts, name))


class _Process:
    """What the container's process says of models and of the hub."""

    def __init__(self, runtime: RuntimeConfig, started: Started, identity: Identity) -> None:
        self.identity, self.volumes, self.folder = identity, list_declared(runtime.volumes), runtime.working_dir
        from_scripts = dict(pair for each in started for pair in each.variables)
        own = dict(entry.partition("=")[::2] for entry in runtime.env)
        moved = {name: value for name, value in from_scripts.items() if name in HUB_VARIABLES and "$" not in value}
        self.words = split_words((*runtime.entrypoint, *runtime.cmd))
        self.configured, self.environment = own, {**own, **from_scripts}
        self.moved = moved
        self.named = list_named(self.words, own, started)
        self.own, self.started = split_commands(self.words), tuple(each.words for each in started)

    def describe(
        self, context: FactContext, node: Node, name: str, revisions: tuple[str, ...]
    ) -> tuple[HubModel, HubWords]:
        """A model, how it stands to the process, and what the process says of it."""
        home = self.identity.home or "/"
        said = read_hub_words(self.own, self.started, name, {"HOME": home, **self.environment})
        environment = {**self.environment, **said.variables}
        commands = (*self.own, *self.started)
        asked = find_revision(name, commands, environment) or "main"
        where = find_hub_place({**self.configured, **self.moved, **said.variables}, home)
        place = context.tree.resolve(where.strip("/"))
        cache = node.path.rpartition("/")[0]
        cached = list_cached(context.tree, cache)
        model = HubModel(
            Evidence(node.layer, node.path),
            name,
            revisions,
            self._tell(name) if asked in revisions else "",
            is_decided=any(map(self._decides, OFFLINE_VARIABLES)) or any(map(environment.get, OFFLINE_VARIABLES)),
            is_offline=is_offline(environment),
            cache=where if place is not None and place.path == cache else f"/{cache}",
            place=where,
            is_readable=_may_read(context, self.identity, node),
            is_volume=any(f"{where}/".startswith(f"{each}/") for each in self.volumes),
            is_known=said.is_clear and not said.folder and not asks_modelscope(environment),
            cached=cached,
            needs_more=needs_more(context.tree, self.folder, commands, environment, cached),
            is_led=_VARIABLE in said.variables or _VARIABLE in self.moved,
        )
        return model, said

    def _decides(self, name: str) -> bool:
        """Whether a variable is set to something, by the environment, a script, or in front of the command."""
        return bool(self.environment.get(name)) or any(word.startswith(f"{name}=") for word in self.words)

    def _tell(self, name: str) -> str:
        """What names a model for the process: the first word that names any is believed."""
        return self.named[0].evidence if self.named and self.named[0].value == name else ""


def _find_models(context: FactContext) -> Iterator[tuple[Node, str]]:
    """The folders of models in caches of whatever place, and the names of these."""
    paths = sorted(path for path in context.tree if _MARK in path and _FOLDER.fullmatch(path.rpartition("/")[2]))
    for path in paths[:MODELS_LIMIT]:
        match, node = _FOLDER.fullmatch(path.rpartition("/")[2]), context.tree.get(path)
        if match is not None and node is not None and node.type is EntryType.DIRECTORY:
            yield node, f"{match[1]}/{match[2]}"


def _may_read(context: FactContext, identity: Identity, folder: Node) -> bool | None:
    """Whether the user may read all that the model consists of."""
    if identity.uid is None:
        return None
    if identity.uid == 0:
        return True
    nodes = list(context.tree.walk(folder.path))
    wanted = {EntryType.DIRECTORY: READ | ENTER, EntryType.FILE: READ}
    may_read = all(has_rights(each, identity, wanted[each.type]) for each in nodes if each.type in wanted)
    return may_read and is_reached(context.tree, identity, folder)


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
