"""Where an image's own model lies: named by its command or environment, kept in a hub's cache, or lying in a folder."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from layerscope.facts.python.named_models import NamedModel
from layerscope.facts.system.launch_words import HUB_VARIABLES, MODEL_VARIABLES
from layerscope.facts.system.model_words import (
    Named,
    Started,
    fill_in,
    find_revision,
    is_chat_server,
    list_named,
    read_revision,
    split_commands,
    split_words,
)
from layerscope.probe.hub_state import ASIDE, HubState, read_hub_state
from layerscope.probe.payload.hub_cache import (
    HUB_NOT_CACHED,
    HUB_OTHER_NAME,
    UNKNOWN_ASKER,
    HubTold,
    choose_revision,
    examine_cache,
    spell_repository,
)
from layerscope.probe.payload.hub_places import Asker

NO_MODEL: Final = "none"
"""What a user says who wants none to be loaded."""

CONFIG: Final = "config.json"
WEIGHTS: Final = (
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
)  # fmt: skip
WEIGHT_ENDINGS: Final = (".safetensors", ".bin")

_CHAT_NAME: Final = re.compile(r"(?:^|[-_./])(?:instruct|chat|it)(?:$|[-_./])", re.IGNORECASE)
_REPOSITORY: Final = re.compile(r"[\w][\w.-]{0,95}/[\w][\w.-]{0,95}", re.ASCII)


class ModelTarget(Struct, frozen=True):
    """A folder with a model; `name` is that of the hub, if the image names it so; `size` counts bytes of weights."""

    folder: str
    evidence: str
    name: str = ""
    revision: str = ""
    """The one that the image asks the hub for; empty where that is main."""
    size: int = 0
    is_chat: bool = False
    trusts_code: bool = False
    variables: Mapping[str, str] = {}
    """What of its environment leads the image's own process to the hub's cache, and is not in the image's config."""


class Search(Struct, frozen=True):
    """What came of it: a model, or why there is none."""

    target: ModelTarget | None = None
    reason: str = ""
    hub: HubState | None = None
    """What the hub's cache holds of it, where it is named as the hub does."""
    absent: ModelTarget | None = None
    """What is named as the hub does and is nowhere in the image, whose client may ask nobody: it has no folder."""


class Files(Protocol):
    """The files that are searched: of an image, or of this host."""

    def list_names(self, folder: str) -> list[str]:
        """The names in a folder, links followed; none where there is no folder."""

    def find_size(self, path: str) -> int | None:
        """The bytes of a file, links followed; None where there is none."""

    def find_mode(self, path: str) -> int | None:
        """The permissions of a folder; None where there is none."""

    def find_owner(self, path: str) -> int | None:
        """The id of the user whose a folder is; None where there is none."""

    def read_reference(self, path: str) -> str:
        """The text of a small file; empty where it is not at hand."""

    def iter_folders(self, name: str) -> Iterable[str]:
        """Every folder that holds a file of that name."""


class Process(Struct, frozen=True):
    """How the image's process starts."""

    words: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}
    folder: str = "/"
    home: str = "/root"
    started: Started = ()
    """What the scripts start that it runs."""
    loaded: tuple[NamedModel, ...] = ()
    """What its Python script loads."""
    cache: Mapping[str, str] = {}
    """Variables of the hub's cache that those scripts set."""
    volumes: tuple[str, ...] = ()
    """Folders that are filled when it starts."""
    asker: Asker = UNKNOWN_ASKER
    """Its user, and the versions of what asks the hub."""


def find_model(files: Files, process: Process, wanted: str | None = None) -> Search:
    """The model that the user names, that the process names or its script loads, or the only or largest one there."""
    words, process = split_words(process.words), replace(process, cache=_list_cache_variables(process))
    commands = (*split_commands(words), *(each.words for each in process.started))
    asked = [Named(wanted, "named by --model")] if wanted else []
    named = asked or list_named(words, process.environment, process.started)
    known = {**process.environment, **_list_model_variables(process)}
    named = [replace(each, revision=find_revision(each.value, commands, known)) for each in named]
    for each in named:
        target = _find_named(files, process, each)
        if target is not None:
            return Search(_complete(target, commands), hub=_examine(files, process, target.name, target.revision))
    if named:
        return _tell_missing(files, process, named[0])
    loaded = (
        Named(each.value, f"named by {each.call} in /{each.evidence.path}", read_revision(each.revision))
        for each in process.loaded
    )
    lying = next(filter(None, (_find_named(files, process, each) for each in loaded)), None) or _find_lying(files)
    if lying is None:
        return Search()
    return Search(_complete(lying, commands), hub=_examine(files, process, lying.name, lying.revision))


def _find_named(files: Files, process: Process, named: Named) -> ModelTarget | None:
    folder = str(PurePosixPath(process.folder) / named.value)
    if _is_model(files, folder):
        return ModelTarget(folder, named.evidence, size=_measure(files, folder))
    if not _REPOSITORY.fullmatch(named.value):
        return None
    told = _tell_cache(files, process, named.value, named.revision)
    place = f"{told['place']}/snapshots/{told.get('revision') or choose_revision(files, told['place'], named.revision)}"
    if not _is_model(files, place):
        return None
    variables = dict(process.cache)
    if str(told["variable"]).startswith("HOME=") and not process.environment.get("HOME"):
        variables["HOME"] = process.home
    size = _measure(files, place)
    return ModelTarget(place, named.evidence, named.value, named.revision, size=size, variables=variables)


def _list_cache_variables(process: Process) -> dict[str, str]:
    """Where scripts say that the hub's cache is."""
    pairs = (pair for each in process.started for pair in each.variables)
    return {name: fill_in(value, process.environment) for name, value in pairs if name in HUB_VARIABLES}


def _list_model_variables(process: Process) -> dict[str, str]:
    """What scripts set of those that name a model."""
    pairs = (pair for each in process.started for pair in each.variables)
    return {name: fill_in(value, process.environment) for name, value in pairs if name in MODEL_VARIABLES}


def _tell_missing(files: Files, process: Process, named: Named) -> Search:
    """That it is not there, and of a name of the hub what its cache holds instead."""
    reason = f"{named.value}, {named.evidence}, was not found with its config.json and weights"
    hub = _examine(files, process, named.value, named.revision) if _REPOSITORY.fullmatch(named.value) else None
    if hub is None:
        return Search(reason=reason)
    is_absent = "offline" in hub.values and hub.is_fault and not _may_come(files, process, hub)
    absent = ModelTarget("", named.evidence, named.value, named.revision, variables=process.cache)
    return Search(reason=f"{reason}: {hub.detail}", hub=hub, absent=absent if is_absent else None)


def _may_come(files: Files, process: Process, hub: HubState) -> bool:
    """Whether the model may be another one that lies there under no such name, or be mounted where it is looked for."""
    cache = PurePosixPath(hub.values.get("cache", "/"))
    if any(cache.is_relative_to(each) for each in process.volumes):
        return True
    return any("/models--" not in each and _is_model(files, each) for each in files.iter_folders(CONFIG))


def _tell_cache(files: Files, process: Process, name: str, revision: str) -> HubTold:
    environment = {**process.environment, **process.cache}
    return examine_cache(files, name, environment, process.home, revision, asker=process.asker)


def _examine(files: Files, process: Process, name: str, revision: str) -> HubState | None:
    """What the hub's cache holds of that name, and where else the image has it; None where the hub has no such name."""
    if not name:
        return None
    told = _tell_cache(files, process, name, revision)
    if told["kind"] in {HUB_NOT_CACHED, HUB_OTHER_NAME}:
        below = f"/{spell_repository(name)}/snapshots/"
        aside = next((each for each in sorted(files.iter_folders(CONFIG)) if below in each), "")
        if aside:
            detail = f"it lies in {aside.partition(below)[0]}, where the hub's client looks only if a program names it"
            return HubState(ASIDE, detail)
    return read_hub_state(told)


def _is_model(files: Files, folder: str) -> bool:
    """Whether it has a config, and a name of weights, be the file there or not: a dangling link is for the probe."""
    names = set(files.list_names(folder))
    return CONFIG in names and any(name in names for name in WEIGHTS)


def _measure(files: Files, folder: str) -> int:
    names = [name for name in files.list_names(folder) if name.endswith(WEIGHT_ENDINGS)]
    return sum(files.find_size(f"{folder}/{name}") or 0 for name in names)


def _find_lying(files: Files) -> ModelTarget | None:
    """The largest of those that lie in the image."""
    folders = sorted({each for each in files.iter_folders(CONFIG) if _is_model(files, each)})
    if not folders:
        return None
    sizes = {each: _measure(files, each) for each in folders}
    chosen = max(folders, key=lambda each: (sizes[each], each))
    count = len(folders)
    evidence = f"the largest of {count} models in the image" if count > 1 else "the only model in the image"
    return ModelTarget(chosen, evidence, size=sizes[chosen])


def _complete(target: ModelTarget, commands: Sequence[Sequence[str]]) -> ModelTarget:
    """With what commands say of how it is used; a name that speaks of chats counts as well."""
    words = {word for each in commands for word in each}
    is_named = bool(_CHAT_NAME.search(target.name or target.folder.rpartition("/")[2]))
    has_template = any(word.partition("=")[0] == "--chat-template" for word in words)
    is_chat = (is_named or any(map(is_chat_server, commands))) and not has_template
    return replace(target, is_chat=is_chat, trusts_code="--trust-remote-code" in words)
