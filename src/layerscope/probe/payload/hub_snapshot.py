"""What a snapshot in the hub's cache lacks: files that its links do not reach, and weights whose download broke off."""

import os
import re
from typing import Any, Dict, List, Set, Tuple

from layerscope.probe.payload.records import shorten

MOST_REVISIONS, MOST_SNAPSHOT_FILES = 64, 4096
"""Snapshots of a name, and files of a snapshot that are looked at."""

CONFIG_NAME = "config.json"
CACHED_WEIGHTS = (".safetensors", ".bin", ".gguf", ".pt", ".pth", ".ckpt", ".onnx", ".msgpack", ".h5", ".npz")
NO_WEIGHTS = ("training_args.bin", "optimizer.pt", "scheduler.pt")
"""Files that end like weights and are none."""

WITH_CONFIG = re.compile(r"(?:pytorch_)?model(?:-\d{1,6}-of-\d{1,6})?\.safetensors|pytorch_model[\w.-]{0,60}\.bin")
"""The weights that are nothing without a config.json: those of transformers."""

SHARD = re.compile(r"(.{1,200})-(\d{1,6})-of-(\d{1,6})(\.\w{1,20})")
"""A shard: of which file, which one, of how many, and how that file ends."""

INDEX_END = ".index.json"
"""How the name goes on of the list of a file's shards."""

MOST_SHARDS = MOST_SNAPSHOT_FILES + 1
"""Numbers among which one is missing, where no more files than that are looked at."""


def list_revisions(files: Any, place: str) -> List[str]:
    """The snapshots in which something lies."""
    folder = os.path.join(place, "snapshots")
    names = files.list_names(folder)[:MOST_REVISIONS]
    return [each for each in names if files.list_names(os.path.join(folder, each))]


def find_faults(files: Any, place: str, revision: str) -> Tuple[List[str], str]:
    """Links of a snapshot that lead nowhere, and what its download has not brought; empty where that is nothing.

    That it has no weights proves nothing: who asked for a tokenizer alone has one.
    """
    folder = os.path.join(place, "snapshots", revision)
    every = files.list_names(folder)
    names = every[:MOST_SNAPSHOT_FILES]
    lost = [each for each in names if _leads_nowhere(files, os.path.join(folder, each))]
    if not has_weights(files, place, revision):
        listed = [each for each in names if each.endswith(INDEX_END) and _is_weights(each[: -len(INDEX_END)])]
        return lost, "weights" if listed or list_broken(files, place) else ""
    is_whole = len(every) <= MOST_SNAPSHOT_FILES  # of a list that was cut, nobody knows what is missing
    missing = _find_missing_shard([each for each in names if _is_weights(each)]) if is_whole else ""
    needs_config = CONFIG_NAME not in names and any(map(WITH_CONFIG.fullmatch, names))
    return lost, missing or (CONFIG_NAME if needs_config else "")


def has_weights(files: Any, place: str, revision: str) -> bool:
    """Whether weights of a known make lie in a snapshot, or in a folder of it."""
    folder = os.path.join(place, "snapshots", revision)
    names = files.list_names(folder)[:MOST_SNAPSHOT_FILES]
    further = (each for name in names[:MOST_REVISIONS] for each in files.list_names(os.path.join(folder, name)))
    return any(map(_is_weights, names)) or any(map(_is_weights, further))


def list_broken(files: Any, place: str) -> List[str]:
    """What is left in a cache of downloads that did not come to their end."""
    return [each for each in files.list_names(os.path.join(place, "blobs")) if each.endswith(".incomplete")]


def tell_lost(files: Any, place: str, revision: str, lost: List[str]) -> str:
    """Which links lead nowhere."""
    shown = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
    where = f"{shown} of {place}/snapshots/{revision} are links to {place}/blobs"
    return f"{where}, which is not there" if "blobs" not in files.list_names(place) else f"{where} that lead nowhere"


def tell_incomplete(files: Any, place: str, revision: str, missing: str) -> str:
    """What a snapshot lacks, and what is left of a download."""
    detail = f"{place}/snapshots/{revision} has no {missing}: its download was broken off, or left files out"
    broken = list_broken(files, place)
    return f"{detail}; {shorten(broken[0], 90)} is left of it in {place}/blobs" if broken else detail


def _find_missing_shard(names: List[str]) -> str:
    """The first shard that a file lacks others of whose shards are there, unless the same weights are there whole."""
    shards: Dict[Tuple[str, int, str, int], Set[int]] = {}
    whole = set()
    for match, name in ((SHARD.fullmatch(each), each) for each in names):
        if match is None:
            whole.add(os.path.splitext(name)[1])
        else:
            key = (match.group(1), int(match.group(3)), match.group(4), len(match.group(3)))
            shards.setdefault(key, set()).add(int(match.group(2)))
    broken = [key for key in sorted(shards) if len(shards[key]) < key[1]]
    whole.update(key[2] for key in shards if key not in broken)
    for key in broken:
        stem, total, ending, width = key
        if not whole.intersection((ending, ".safetensors")):  # transformers takes these before all others
            start = 0 if 0 in shards[key] else 1
            first = next(each for each in range(start, start + MOST_SHARDS) if each not in shards[key])
            return f"{stem}-{first:0{width}d}-of-{total:0{width}d}{ending}"
    return ""


def _is_weights(name: str) -> bool:
    return name.endswith(CACHED_WEIGHTS) and name not in NO_WEIGHTS


def _leads_nowhere(files: Any, path: str) -> bool:
    """Whether a name leads to no file and to no folder."""
    return files.find_size(path) is None and not files.list_names(path)
