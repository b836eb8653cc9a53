"""Where the hub's client keeps its cache, where else one may lie, and which folders on the way are closed."""

import os
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

CACHE_VARIABLES = (
    ("HF_HUB_CACHE", ""), ("HUGGINGFACE_HUB_CACHE", ""), ("HF_HOME", "hub"), ("XDG_CACHE_HOME", "huggingface/hub"),
    ("HOME", ".cache/huggingface/hub"),
)  # fmt: skip
"""Where the hub's client keeps its cache, by the first that is set; see `constants.py` of huggingface_hub."""

OLD_VARIABLE = "TRANSFORMERS_CACHE"
"""Where transformers looks up to version 4, before all others."""

OLD_MAJOR = 4
"""The last version of transformers that heeds it."""

USUAL_HOMES = ("/root", "/", "/data", "/app", "/workspace")
"""Homes, and folders that are given as one, in which a cache lies that another user has filled."""

OF_HOME = ".cache/huggingface/hub"

MOST_HOMES, MOST_CLOSED = 64, 8
"""Folders below /home that are looked at, and closed ones that are told."""


class Asker(NamedTuple):
    """Who asks for a model: the user's id, and the versions of transformers and of the hub's client, if they are known.

    A user who is not known is taken for one whose folders these are not.
    """

    user: Optional[int] = None
    transformers: str = ""
    client: str = ""


def list_used_caches(environment: Dict[str, str], home: str, transformers: str = "") -> List[Tuple[str, str]]:
    """The folder in which the client looks, and the variable with its value that says so; two, if a version decides."""
    old = environment.get(OLD_VARIABLE, "")
    major = transformers.partition(".")[0]
    is_heeded = bool(old) and not (major.isdigit() and int(major) > OLD_MAJOR)
    found = [(expand_place(old, "", home), f"{OLD_VARIABLE}={old}")] if is_heeded else []
    return found if found and major.isdigit() else [*found, find_cache(environment, home)]


def find_cache(environment: Dict[str, str], home: str) -> Tuple[str, str]:
    """The folder of the cache of the hub's own client, and the variable with its value that says so."""
    known = dict(environment, HOME=environment.get("HOME") or home)
    for variable, below in CACHE_VARIABLES:
        if known.get(variable):
            return expand_place(known[variable], below, known["HOME"]), f"{variable}={known[variable]}"
    return expand_place("/", OF_HOME, home), "HOME="


def list_other_caches(files: Any, environment: Dict[str, str], home: str) -> List[str]:
    """Folders in which a cache may lie that was filled with any setting or by any user, the used one among them."""
    known = dict(environment, HOME=environment.get("HOME") or home)
    rows = ((OLD_VARIABLE, ""), *CACHE_VARIABLES)
    found = [expand_place(known[name], below, known["HOME"]) for name, below in rows if known.get(name)]
    homes = list(USUAL_HOMES) + ["/home/" + name for name in files.list_names("/home")[:MOST_HOMES]]
    found += [os.path.join(each, OF_HOME) for each in homes]
    return list(dict.fromkeys(found))


def list_closed(files: Any, path: str, user: Optional[int]) -> List[str]:
    """The folders on the way to a path that are closed to a user, the path's own last; none is to root."""
    if user == 0:
        return []
    needed = [(path[:end], 0o1) for end in range(1, len(path)) if path[end] == "/"] + [(path, 0o5)]
    return [step for step, bits in needed if _is_closed(files, step, bits, user)][:MOST_CLOSED]


def _is_closed(files: Any, folder: str, bits: int, user: Optional[int]) -> bool:
    """Whether a folder's permissions refuse those bits to its owner, if that is the user, or to others."""
    mode = files.find_mode(folder)
    if mode is None:
        return False
    is_own = user is not None and files.find_owner(folder) == user
    return bool(bits & ~(mode >> (6 if is_own else 0)))


def find_denied_folder(path: str) -> str:
    """The first folder on the way to a path, and below it, that may not be read; empty where all may be."""
    steps = [path[:end] for end in range(1, len(path)) if path[end] == "/"] + [path]
    for step in steps + [os.path.join(path, each) for each in ("refs", "snapshots", "blobs")]:
        is_last = step.startswith(path)
        if os.path.isdir(step) and not os.access(step, os.X_OK | (os.R_OK if is_last else 0)):
            return step
    return ""


def expand_place(value: str, below: str, home: str) -> str:
    """A folder that a variable names, a `~` at its beginning filled in."""
    whole = home + value[1:] if value == "~" or value.startswith("~/") else value
    return os.path.normpath(os.path.join("/", whole, below))
