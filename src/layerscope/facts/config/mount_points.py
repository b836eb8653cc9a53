"""Folders of the container that ask for a volume: declared ones, and places of models that the image does not hold."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from posixpath import dirname, join, normpath
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.config.hub_place import find_hub_place, is_offline
from layerscope.facts.config.identity import Identity, resolve_identity
from layerscope.facts.config.rights import ENTER, WRITE, has_rights, is_reached
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.accounts import collect_accounts
from layerscope.facts.system.hub_words import HubWords, asks_modelscope, read_hub_words
from layerscope.facts.system.launch_words import HUB_VARIABLES, MODELSCOPE_VARIABLES
from layerscope.facts.system.model_words import Named, Started, list_named, split_commands, split_words
from layerscope.facts.system.started_commands import StartedCommand, find_started
from layerscope.filesystem.node import Node
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType

VOLUME_LIMIT: Final = 20
"""Declared volumes that are looked at; images have one or two."""

LONGEST_PATH: Final = 400
"""Characters of a path that is told."""

_REPOSITORY: Final = re.compile(r"[\w][\w.-]{0,95}/[\w][\w.-]{0,95}", re.ASCII)
_FILE: Final = re.compile(r".*\.(?:gguf|bin|safetensors|pt|pth|onnx|engine|plan)")


class MountPurpose(StrEnum):
    """What a volume is for."""

    VOLUME = "volume"
    """The config declares it."""
    MODEL = "model"
    """The command or the environment names a model there, and the image has none."""
    HUB = "hub-cache"
    """The model is one of the hub that the image does not hold: it is fetched into this cache."""


class MountPoint(Fact, frozen=True):
    """A folder for a volume, from the root, as the container's user finds it in the image.

    `what` is the model, `told` says by what it is named. `is_writable` is None where the user is not known. Of a
    volume that is not there, an engine makes a folder of root's; a cache that is not there, the user makes where the
    folder above lets him. The evidence is the folder, where it exists.
    """

    purpose: MountPurpose
    path: str
    what: str
    told: str
    exists: bool
    is_folder: bool
    is_empty: bool
    uid: int | None
    mode: int
    is_writable: bool | None
    is_offline: bool = False
    """Whether the hub's client may ask nobody, so that what is missing never comes."""
    file_above: str = ""
    """The path below which it lies and which is no folder, as of `/app/main.py/data`; empty where there is none."""


class MountPointCollector(Collector):
    """Reads the config's volumes, and follows its command to the model that it names."""

    name = "config.mount-points"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the declared volumes, sorted, then the place of the model."""
        runtime = context.image.config.runtime
        identity = resolve_identity(runtime.user, collect_accounts(context))
        for path in list_declared(runtime.volumes)[:VOLUME_LIMIT]:
            yield _look(context, identity, path, Named("", "declared by VOLUME"), purpose=MountPurpose.VOLUME)
        yield from _find_model_place(context, identity)


def list_declared(volumes: Iterable[str]) -> list[str]:
    """The places of declared volumes, each once, without those that are not usable."""
    return sorted({from_root(each) for each in volumes if is_usable(each)})


def from_root(path: str) -> str:
    """A path in its shortest spelling from the root, with one slash before it, of which POSIX would keep two."""
    return f"/{normpath(f'/{path}').strip('/')}"


def is_usable(path: str) -> bool:
    """Whether a path is one of a folder below the root that can be told: short, and of letters that print."""
    return path.startswith("/") and len(path) <= LONGEST_PATH and path.isprintable() and normpath(path).strip("/") != ""


def _find_model_place(context: FactContext, identity: Identity) -> Iterator[MountPoint]:
    """The place of the model that is named first, unless one of those that are named is there."""
    runtime = context.image.config.runtime
    environment = dict(entry.partition("=")[::2] for entry in runtime.env)
    started = tuple(
        StartedCommand(each.evidence, each.words, each.is_handover, each.variables)
        for each in context.shared(find_started)
    )
    words = split_words((*runtime.entrypoint, *runtime.cmd))
    named = list_named(words, environment, started)
    if not named or any(_is_there(context, runtime.working_dir, each.value) for each in named):
        return
    first = named[0]
    if first.value.startswith("/") and is_usable(first.value):
        place = from_root(first.value)
        place = dirname(place) if _FILE.fullmatch(place) and dirname(place) != "/" else place
        yield _look(context, identity, place, first, purpose=MountPurpose.MODEL)
    elif _REPOSITORY.fullmatch(first.value) and not _has_cached(context, first.value):
        known = {"HOME": identity.home or "/", **environment, **_list_hub_variables(started)}
        said = read_hub_words(split_commands(words), [each.words for each in started], first.value, known)
        if not asks_modelscope({**known, **said.variables}):
            yield from _look_in_hub(context, identity, first, environment=known, said=said)


def _look_in_hub(
    context: FactContext, identity: Identity, named: Named, *, environment: Mapping[str, str], said: HubWords
) -> Iterator[MountPoint]:
    """The hub's cache, or the folder that the command names in its place."""
    environment = {**environment, **said.variables}
    folder = said.folder and join("/", context.image.config.runtime.working_dir, said.folder)
    place = from_root(folder or find_hub_place(environment, identity.home or "/"))
    if is_usable(place) and said.is_clear:
        yield _look(context, identity, place, named, purpose=MountPurpose.HUB, is_offline=is_offline(environment))


def _list_hub_variables(started: Started) -> dict[str, str]:
    """Where scripts say that the hub's cache is, in plain words, and which hub it is."""
    pairs = (pair for each in started for pair in each.variables)
    known = HUB_VARIABLES.union(MODELSCOPE_VARIABLES)
    return {name: value for name, value in pairs if name in known and "$" not in value}


def _is_there(context: FactContext, folder: str, value: str) -> bool:
    return context.tree.resolve(normpath(join("/", folder, value)).strip("/")) is not None


def _has_cached(context: FactContext, name: str) -> bool:
    """Whether a model of the hub lies anywhere, as its client keeps it."""
    folder = f"models--{name.replace('/', '--')}"
    return any(path.endswith(folder) and path.rpartition("/")[2] == folder for path in context.tree)


def _look(
    context: FactContext,
    identity: Identity,
    path: str,
    named: Named,
    *,
    purpose: MountPurpose,
    is_offline: bool = False,
) -> MountPoint:
    """The folder as the user finds it."""
    node = context.tree.resolve(path.strip("/"))
    is_folder = node is not None and node.type is EntryType.DIRECTORY
    above = _find_above(context.tree, path)
    return MountPoint(
        evidence=Evidence() if node is None else Evidence(node.layer, node.path),
        purpose=purpose,
        path=path,
        what=named.value,
        told=named.evidence,
        exists=node is not None,
        is_folder=is_folder,
        is_empty=node is None or not context.tree.children(node.path),
        uid=None if node is None else node.uid,
        mode=0 if node is None else node.mode & 0o7777,
        is_writable=_may_write(context, identity, above if purpose is MountPurpose.HUB else node),
        is_offline=is_offline,
        file_above=find_file_above(context.tree, path) if node is None else "",
    )


def find_file_above(tree: MergedTree, path: str) -> str:
    """The nearest path above one that is not there, if it is no folder; else empty."""
    above = _find_above(tree, path)
    return f"/{above.path}" if above is not None and above.type is not EntryType.DIRECTORY else ""


def _find_above(tree: MergedTree, path: str) -> Node | None:
    """The folder, or the nearest one above it that is there."""
    while path != "/":
        node = tree.resolve(path.strip("/"))
        if node is not None:
            return node
        path = dirname(path)
    return None


def _may_write(context: FactContext, identity: Identity, node: Node | None) -> bool | None:
    """Whether the user may make files in a folder, and reach it."""
    if identity.uid is None:
        return None
    if identity.uid == 0:
        return node is None or node.type is EntryType.DIRECTORY
    if node is None:
        return False
    is_open = node.type is EntryType.DIRECTORY and has_rights(node, identity, WRITE | ENTER)
    return is_open and is_reached(context.tree, identity, node)
