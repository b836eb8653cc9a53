"""Why a name of the hub is not found in its cache: four different faults give one and the same message of its client.

The files are those that a process sees, or those of an image that nobody runs: whoever asks says how they are read.
"""

import os
from typing import Any, Dict, List, Optional

from layerscope.probe.payload.host_files import read_text
from layerscope.probe.payload.hub_places import (
    Asker,
    find_denied_folder,
    list_closed,
    list_other_caches,
    list_used_caches,
)
from layerscope.probe.payload.hub_snapshot import (
    find_faults,
    has_weights,
    list_revisions,
    tell_incomplete,
    tell_lost,
)
from layerscope.probe.payload.records import shorten

MOST_REPOSITORIES = 64
"""Names in a cache that are looked at."""

OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
"""The first that is set to anything tells whether the hub's client asks nobody."""

NAME_LIKENESS = 0.5
"""How alike a name must be to be meant by another one."""

HUB_WHOLE, HUB_NO_WEIGHTS = "hub-whole", "hub-no-weights"
"""Nothing is wrong with it: with the model, or with what was asked for of it."""

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

UNKNOWN_ASKER = Asker()


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

    def find_owner(self, path: str) -> Optional[int]:
        """The id of the user whose a folder is; None where there is none."""
        try:
            return os.stat(path).st_uid
        except OSError:
            return None

    def read_reference(self, path: str) -> str:
        """The text of a small file; empty where it cannot be read."""
        return read_text(path, 200)


def is_offline(environment: Dict[str, str]) -> bool:
    """Whether the client is told to ask nobody."""
    value = next((environment[name] for name in OFFLINE_VARIABLES if environment.get(name)), "")
    return value.lower() in {"1", "true", "yes", "on"}


def examine_cache(
    files: Any, name: str, environment: Dict[str, str], home: str, wanted: str = "", *, asker: Asker = UNKNOWN_ASKER
) -> HubTold:
    """What is in the cache of that name, and what is wrong with it: `kind`, `detail`, and the places in question.

    `wanted` is the revision that is asked for, if it is not main.
    """
    folder = spell_repository(name)
    used = list_used_caches(environment, home, asker.transformers)
    cache, variable = next((each for each in used if files.list_names(os.path.join(each[0], folder))), used[-1])
    told: HubTold = {"name": name, "wanted": wanted, "offline": is_offline(environment), "client": asker.client}
    told.update(cache=cache, variable=variable, place=os.path.join(cache, folder))
    if files.list_names(told["place"]):
        return _examine_repository(files, told)
    for other in list_other_caches(files, environment, home):
        place = os.path.join(other, folder)
        if other != cache and files.list_names(place):
            detail = f"{name} lies in {other}, and the hub's client looks in {cache} ({variable})"
            closed = list_closed(files, other, asker.user)
            if closed:
                detail += f"; {closed[0]} is closed to other users"
            return _tell_hub(told, HUB_ELSEWHERE, detail, place=place, other=other, closed=closed)
    return _examine_others(files, told)


def explain_lookup(name: str, wanted: str = "", transformers: str = "", client: str = "") -> HubTold:
    """The same of this process, whose client has not found that name: with what only who runs can see."""
    home, user = os.path.expanduser("~"), os.geteuid()
    asker = Asker(user, transformers, client)
    told = examine_cache(SeenFiles(), name, dict(os.environ), home, wanted, asker=asker)
    denied = find_denied_folder(told["place"])
    if denied and told["kind"] != HUB_ELSEWHERE:
        detail = f"the hub's cache cannot be read by user {user}: {denied}: Permission denied"
        return _tell_hub(told, HUB_UNREADABLE, detail, denied=denied, closed=_list_above(told["cache"], denied, user))
    return told


def _list_above(cache: str, denied: str, user: int) -> List[str]:
    """The closed folders above a cache, as far as they can be seen: nobody sees what lies below the first."""
    found = [denied, *list_closed(SeenFiles(), os.path.dirname(cache), user)]
    return [each for each in dict.fromkeys(found) if cache.startswith(each.rstrip("/") + "/")]


def choose_revision(files: Any, place: str, wanted: str = "") -> str:
    """The snapshot that the client takes; where no reference tells, the last that is whole, or the last.

    A reference cannot be read in every image whose files are known: the snapshot that is whole then speaks for it.
    """
    held = list_revisions(files, place)
    named = wanted if wanted in held else files.read_reference(_find_reference(place, wanted)).strip()
    if named in held:
        return str(named)
    whole = [each for each in held if not any(find_faults(files, place, each))]
    return ([each for each in whole if has_weights(files, place, each)] or whole or held or [""])[-1]


def spell_repository(name: str) -> str:
    """The folder of a repository in a cache."""
    return "models--" + name.replace("/", "--")


def read_repository(folder: str) -> str:
    """The repository whose folder that is; empty where it is none."""
    return folder[len("models--") :].replace("--", "/") if folder.startswith("models--") else ""


def find_near(name: str, others: List[str]) -> str:
    """Of names, the one that is most like another; empty where none is like it."""
    import difflib

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
    lost, missing = find_faults(files, place, revision)
    if lost:
        return _tell_hub(told, HUB_NO_BLOBS, tell_lost(files, place, revision, lost), lost=lost[:8])
    if missing:
        return _tell_hub(told, HUB_INCOMPLETE, tell_incomplete(files, place, revision, missing), missing=missing)
    if wanted == revision:
        return _tell_found(files, told)
    if not has_reference:
        held = shorten(revision, 60)
        detail = f"{place} has no refs/main: that its snapshot {held} is that of main, nobody knows but the hub"
        return _tell_hub(told, HUB_NO_REF, detail)
    text = files.read_reference(_find_reference(place, wanted))
    if text and text not in list_revisions(files, place):  # as it stands: an end of line counts for the client
        detail = f"refs/{wanted or 'main'} of {place} names the revision {text[:60]!r}, which is not cached"
        return _tell_hub(told, HUB_ASTRAY_REF, detail)
    return _tell_found(files, told)


def _tell_found(files: Any, told: HubTold) -> HubTold:
    """That a snapshot lacks nothing, or nothing but weights: a tokenizer alone needs none."""
    name, place = told["name"], told["place"]
    if has_weights(files, place, told["revision"]):
        return _tell_hub(told, HUB_WHOLE, f"{name} is cached in {place}")
    detail = f"{name} is cached in {place} without weights of a known make, as a tokenizer or a config may be"
    return _tell_hub(told, HUB_NO_WEIGHTS, detail)


def _find_reference(place: str, wanted: str) -> str:
    """The file that says which snapshot is meant."""
    return os.path.join(place, "refs", wanted or "main")


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


def _tell_hub(told: HubTold, kind: str, detail: str, **values: Any) -> HubTold:
    return dict(told, kind=kind, detail=shorten(detail, 700), **values)
