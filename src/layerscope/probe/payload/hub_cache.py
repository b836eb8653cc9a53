"""Why a name of the hub is not found in its cache: four different faults give one and the same message of its client.

The files are those that a process sees, or those of an image that nobody runs: whoever asks says how they are read.
"""

import difflib
import os
from typing import Any, Dict, List, Optional, Tuple

from layerscope.probe.payload.host_files import read_text
from layerscope.probe.payload.records import shorten

CACHE_VARIABLES = (
    ("HF_HUB_CACHE", ""), ("HUGGINGFACE_HUB_CACHE", ""), ("HF_HOME", "hub"), ("XDG_CACHE_HOME", "huggingface/hub"),
    ("HOME", ".cache/huggingface/hub"),
)  # fmt: skip
"""Where the hub's client keeps its cache, by the first that is set; see `constants.py` of huggingface_hub."""

OLD_VARIABLE = "TRANSFORMERS_CACHE"
"""Where transformers looked up to version 4, before all others."""

USUAL_HOMES = ("/root", "/", "/data", "/app", "/workspace")
"""Homes, and folders that are given as one, in which a cache lies that another user has filled."""

OF_HOME = ".cache/huggingface/hub"

MOST_HOMES, MOST_REPOSITORIES, MOST_REVISIONS, MOST_SNAPSHOT_FILES = 64, 64, 64, 512
"""Folders below /home, names in a cache, snapshots of a name, and files of a snapshot that are looked at."""

OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
"""The first that is set to anything tells whether the hub's client asks nobody."""

CONFIG_NAME = "config.json"
CACHED_WEIGHTS = (".safetensors", ".bin", ".gguf", ".pt", ".pth", ".ckpt", ".onnx", ".msgpack", ".h5", ".npz")
NO_WEIGHTS = ("training_args.bin", "optimizer.pt", "scheduler.pt")
"""Files that end like weights and are none."""

WITH_CONFIG = ("model", "pytorch_model")
"""How the weights begin that are nothing without a config.json."""

NAME_LIKENESS = 0.5
"""How alike a name must be to be meant by another one."""

HUB_WHOLE = "hub-whole"
HUB_NO_REF, HUB_ASTRAY_REF, HUB_NO_BLOBS, HUB_NO_SNAPSHOT = (
    "hub-no-ref",
    "hub-astray-ref",
    "hub-no-blobs",
    "hub-no-snapshot",
)
HUB_INCOMPLETE, HUB_OTHER_REVISION = "hub-incomplete", "hub-other-revision"
HUB_ELSEWHERE, HUB_OTHER_NAME, HUB_NOT_CACHED, HUB_UNREADABLE = (
    "hub-elsewhere",
    "hub-other-name",
    "hub-not-cached",
    "hub-unreadable",
)
"""What is wrong with a cache, where it is not whole."""

HubTold = Dict[str, Any]


class SeenFiles:
    """The files as this process sees them."""

    def list_names(self, folder: str) -> List[str]:
        """The names in a folder; none where there is none, or where it may not be read."""
        try:
            return sorted(os.listdir(folder))
        except OSError:
            return []

    def find_size(self, path: str) -> Optional[int]:
        """The bytes of a file, links followed; None where there is none."""
        try:
            return os.stat(path).st_size
        except OSError:
            return None

    def find_mode(self, path: str) -> Optional[int]:
        """The permissions of a folder; None where there is none."""
        try:
            return os.stat(path).st_mode & 0o7777
        except OSError:
            return None

    def read_reference(self, path: str) -> str:
        """The text of a small file; empty where it cannot be read."""
        return read_text(path, 200)


def find_cache(environment: Dict[str, str], home: str) -> Tuple[str, str]:
    """The folder of the cache in which the client looks, and the variable with its value that says so."""
    known = dict(environment, HOME=environment.get("HOME") or home)
    for variable, below in CACHE_VARIABLES:
        if known.get(variable):
            return _expand_place(known[variable], below, known["HOME"]), f"{variable}={known[variable]}"
    return _expand_place("/", OF_HOME, home), "HOME="


def list_other_caches(files: Any, environment: Dict[str, str], home: str) -> List[str]:
    """Folders in which a cache lies that was filled with other settings, or by another user."""
    used = find_cache(environment, home)[0]
    known = dict(environment, HOME=environment.get("HOME") or home)
    rows = ((OLD_VARIABLE, ""), *CACHE_VARIABLES)
    found = [_expand_place(known[name], below, known["HOME"]) for name, below in rows if known.get(name)]
    homes = list(USUAL_HOMES) + ["/home/" + name for name in files.list_names("/home")[:MOST_HOMES]]
    found += [os.path.join(each, OF_HOME) for each in homes]
    return [place for place in dict.fromkeys(found) if place != used]


def is_offline(environment: Dict[str, str]) -> bool:
    """Whether the client is told to ask nobody."""
    value = next((environment[name] for name in OFFLINE_VARIABLES if environment.get(name)), "")
    return value.lower() in {"1", "true", "yes", "on"}


def examine_cache(files: Any, name: str, environment: Dict[str, str], home: str, wanted: str = "") -> HubTold:
    """What is in the cache of that name, and what is wrong with it: `kind`, `detail`, and the places in question.

    `wanted` is the revision that is asked for, if it is not main.
    """
    cache, variable = find_cache(environment, home)
    told: HubTold = {"name": name, "wanted": wanted, "offline": is_offline(environment)}
    told.update(cache=cache, variable=variable, place=os.path.join(cache, spell_repository(name)))
    if files.list_names(told["place"]):
        return _examine_repository(files, told)
    for other in list_other_caches(files, environment, home):
        place = os.path.join(other, spell_repository(name))
        if files.list_names(place):
            detail = f"{name} lies in {other}, and the hub's client looks in {cache} ({variable})"
            closed = _list_closed(files, other) if home != "/root" else []
            if closed:
                detail += f"; {closed[0]} is closed to other users"
            return _tell_hub(told, HUB_ELSEWHERE, detail, place=place, other=other, closed=closed)
    return _examine_others(files, told)


def explain_lookup(name: str, wanted: str = "") -> HubTold:
    """The same of this process, whose client has not found that name: with what only who runs can see."""
    home = os.path.expanduser("~")
    told = examine_cache(SeenFiles(), name, dict(os.environ), home, wanted)
    denied = _find_denied_folder(told["place"])
    if denied and told["kind"] != HUB_ELSEWHERE:
        detail = f"the hub's cache cannot be read by user {os.getuid()}: {denied}: Permission denied"
        return _tell_hub(told, HUB_UNREADABLE, detail, denied=denied)
    return told


def choose_revision(files: Any, place: str, wanted: str = "") -> str:
    """The snapshot that the client takes; where no reference tells, the last that is whole, or the last.

    A reference cannot be read in every image whose files are known: the snapshot that is whole then speaks for it.
    """
    held = _list_revisions(files, place)
    named = wanted if wanted in held else files.read_reference(_find_reference(place, wanted)).strip()
    if named in held:
        return str(named)
    whole = [each for each in held if not any(_find_faults(files, place, each))]
    return (whole or held or [""])[-1]


def spell_repository(name: str) -> str:
    """The folder of a repository in a cache."""
    return "models--" + name.replace("/", "--")


def read_repository(folder: str) -> str:
    """The repository whose folder that is; empty where it is none."""
    return folder[len("models--") :].replace("--", "/") if folder.startswith("models--") else ""


def find_near(name: str, others: List[str]) -> str:
    """Of names, the one that is most like another; empty where none is like it."""
    lowered = {each.lower(): each for each in reversed(others)}
    last = {each.rpartition("/")[2]: each for each in lowered}
    wanted = name.lower()
    found = difflib.get_close_matches(wanted, list(lowered), 1, NAME_LIKENESS)
    if not found:
        found = [
            last[each] for each in difflib.get_close_matches(wanted.rpartition("/")[2], list(last), 1, NAME_LIKENESS)
        ]
    return lowered[found[0]] if found else ""


def _examine_repository(files: Any, told: HubTold) -> HubTold:
    """What is wrong with the folder of the name that is asked for."""
    name, place, wanted = told["name"], told["place"], told["wanted"]
    revision = choose_revision(files, place, wanted)
    if not revision:
        detail = f"{place} holds no snapshot: the download of {name} was broken off, or only a part of it was copied"
        return _tell_hub(told, HUB_NO_SNAPSHOT, detail)
    told = dict(told, revision=revision)
    has_reference = files.find_size(_find_reference(place, wanted)) is not None
    if wanted and wanted != revision and not has_reference:
        detail = f"the revision {wanted} of {name} is not cached: {place} holds {shorten(revision, 60)}"
        return _tell_hub(told, HUB_OTHER_REVISION, detail)
    lost, missing = _find_faults(files, place, revision)
    if lost:
        return _tell_hub(told, HUB_NO_BLOBS, _tell_lost(files, place, revision, lost), lost=lost[:8])
    if missing:
        return _tell_hub(told, HUB_INCOMPLETE, _tell_incomplete(files, place, revision, missing), missing=missing)
    if wanted == revision:
        return _tell_hub(told, HUB_WHOLE, f"{name} is cached in {place}")
    if not has_reference:
        held = shorten(revision, 60)
        detail = f"{place} has no refs/main: that its snapshot {held} is that of main, nobody knows but the hub"
        return _tell_hub(told, HUB_NO_REF, detail)
    text = files.read_reference(_find_reference(place, wanted))
    if text and text not in _list_revisions(files, place):  # as it stands: an end of line counts for the client
        detail = f"refs/{wanted or 'main'} of {place} names the revision {text[:60]!r}, which is not cached"
        return _tell_hub(told, HUB_ASTRAY_REF, detail)
    return _tell_hub(told, HUB_WHOLE, f"{name} is cached in {place}")


def _list_revisions(files: Any, place: str) -> List[str]:
    """The snapshots in which something lies."""
    folder = os.path.join(place, "snapshots")
    names = files.list_names(folder)[:MOST_REVISIONS]
    return [each for each in names if files.list_names(os.path.join(folder, each))]


def _find_reference(place: str, wanted: str) -> str:
    """The file that says which snapshot is meant."""
    return os.path.join(place, "refs", wanted or "main")


def _find_faults(files: Any, place: str, revision: str) -> Tuple[List[str], str]:
    """Links of a snapshot that lead nowhere, and what it lacks to be a model; empty where that is nothing."""
    folder = os.path.join(place, "snapshots", revision)
    names = files.list_names(folder)[:MOST_SNAPSHOT_FILES]
    lost = [each for each in names if _leads_nowhere(files, os.path.join(folder, each))]
    weights = [each for each in names if _is_weights(each)]
    if not weights:
        further = (each for name in names[:MOST_REVISIONS] for each in files.list_names(os.path.join(folder, name)))
        return lost, "" if any(map(_is_weights, further)) else "weights"
    needs_config = any(each.startswith(WITH_CONFIG) and not each.endswith(".gguf") for each in weights)
    return lost, CONFIG_NAME if needs_config and CONFIG_NAME not in names else ""


def _is_weights(name: str) -> bool:
    return name.endswith(CACHED_WEIGHTS) and name not in NO_WEIGHTS


def _tell_lost(files: Any, place: str, revision: str, lost: List[str]) -> str:
    """Which links lead nowhere."""
    shown = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
    where = f"{shown} of {place}/snapshots/{revision} are links to {place}/blobs"
    return f"{where}, which is not there" if "blobs" not in files.list_names(place) else f"{where} that lead nowhere"


def _tell_incomplete(files: Any, place: str, revision: str, missing: str) -> str:
    """What a snapshot lacks, and what is left of a download."""
    detail = f"{place}/snapshots/{revision} has no {missing}: its download was broken off, or left files out"
    broken = [each for each in files.list_names(os.path.join(place, "blobs")) if each.endswith(".incomplete")]
    return f"{detail}; {shorten(broken[0], 90)} is left of it in {place}/blobs" if broken else detail


def _examine_others(files: Any, told: HubTold) -> HubTold:
    """What is cached in place of the name that is asked for."""
    name, cache = told["name"], told["cache"]
    others = [each for each in map(read_repository, files.list_names(cache)) if each][:MOST_REPOSITORIES]
    if not others:
        detail = f"nothing of {name} is cached in the image: {cache} ({told['variable']}) holds no model"
        return _tell_hub(told, HUB_NOT_CACHED, detail)
    near = find_near(name, others)
    shown = near or ", ".join(others[:3])
    return _tell_hub(told, HUB_OTHER_NAME, f"{name} is not cached: {cache} holds {shown}", near=near, others=others[:8])


def _leads_nowhere(files: Any, path: str) -> bool:
    """Whether a name leads to no file and to no folder."""
    return files.find_size(path) is None and not files.list_names(path)


def _list_closed(files: Any, path: str) -> List[str]:
    """The folders on the way to a path that are closed to users whose they are not."""
    steps = [path[:end] for end in range(1, len(path)) if path[end] == "/"]
    found = [(step, files.find_mode(step), 0o1) for step in steps] + [(path, files.find_mode(path), 0o5)]
    return [step for step, mode, needed in found if mode is not None and mode & needed != needed][:8]


def _find_denied_folder(path: str) -> str:
    """The first folder on the way to a path, and below it, that may not be read; empty where all may be."""
    steps = [path[:end] for end in range(1, len(path)) if path[end] == "/"] + [path]
    for step in steps + [os.path.join(path, each) for each in ("refs", "snapshots", "blobs")]:
        is_last = step.startswith(path)
        if os.path.isdir(step) and not os.access(step, os.X_OK | (os.R_OK if is_last else 0)):
            return step
    return ""


def _expand_place(value: str, below: str, home: str) -> str:
    """A folder that a variable names, a `~` at its beginning filled in."""
    whole = home + value[1:] if value == "~" or value.startswith("~/") else value
    return os.path.normpath(os.path.join("/", whole, below))


def _tell_hub(told: HubTold, kind: str, detail: str, **values: Any) -> HubTold:
    return dict(told, kind=kind, detail=shorten(detail, 700), **values)
