"""The config that an image's lowest layers had when they were an image, as far as the history tells it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from layerscope.image.config import ImageConfig, parse_config
from layerscope.image.history import BuildStep, pair_history

_WHOLE: Final = {
    "USER": "User", "WORKDIR": "WorkingDir", "STOPSIGNAL": "StopSignal", "CMD": "Cmd", "ENTRYPOINT": "Entrypoint",
    "SHELL": "Shell", "HEALTHCHECK": "Healthcheck",
}  # fmt: skip
"""Instructions that replace a setting."""
_LISTS: Final = frozenset({"CMD", "ENTRYPOINT", "SHELL"})
_COLLECTED: Final = {"EXPOSE": "ExposedPorts", "VOLUME": "Volumes"}
"""Instructions that add to a setting."""
_ASSIGNMENT: Final = re.compile(r"(?:^|\s)\"?([A-Za-z_][\w.\-/]{0,255})\"?=")
_SHELL: Final = ("/bin/sh", "-c")


def cut_config(config: ImageConfig, layers: int) -> ImageConfig:
    """The config as it was when there were so many layers.

    A setting that a later step made is what an earlier one made it, or not there; all others stay. Of steps without a
    layer that come directly after the last one that counts, those written at its time belong to it.
    """
    steps = pair_history(config, len(config.rootfs))
    below, above = _split_steps(steps, layers)
    document = json.loads(config.content)
    document["rootfs"]["diff_ids"] = [str(digest) for digest in config.rootfs[:layers]]
    entries = document.get("history") or []
    document["history"] = entries[: len(below)]
    runtime = dict(document.get("config") or {})
    for step in above:
        _undo(step.instruction, runtime, below)
    document["config"] = runtime
    if below and len(entries) >= len(below) and entries[len(below) - 1].get("created"):
        document["created"] = entries[len(below) - 1]["created"]
    return parse_config(json.dumps(document, separators=(",", ":")).encode(), where="the config of the lowest layers")


def _split_steps(steps: Sequence[BuildStep], layers: int) -> tuple[Sequence[BuildStep], Sequence[BuildStep]]:
    """The steps that made the lowest layers, and those after them."""
    last = max((n for n, step in enumerate(steps) if step.layer is not None and step.layer < layers), default=-1)
    end = last + 1
    following = next((n for n, step in enumerate(steps) if n > last and step.layer is not None), len(steps))
    own, later = (steps[n].created if 0 <= n < len(steps) else None for n in (last, following))
    for number in range(end, following):
        made = steps[number].created
        if made is None or own is None:
            break
        is_nearer = made - own < later - made if later is not None else made == own
        if not is_nearer:
            break
        end = number + 1
    return steps[:end], steps[end:]


def _undo(instruction: str, runtime: dict[str, object], below: Sequence[BuildStep]) -> None:
    """Give a setting the value that it had before an instruction, as far as earlier ones tell it."""
    word, _, rest = instruction.strip().partition(" ")
    if word in _WHOLE:
        earlier = next((step.instruction for step in reversed(below) if step.instruction.startswith(f"{word} ")), "")
        _put(runtime, _WHOLE[word], _read_value(word, earlier.partition(" ")[2].strip()))
    elif word == "ENV":
        _undo_environment({name for name, _ in _iter_assignments(rest)}, runtime, below)
    elif word == "LABEL":
        kept = _read_map(runtime.get("Labels"))
        earlier_labels = dict(_iter_earlier("LABEL", below))
        for name, _ in _iter_assignments(rest):
            kept.pop(name, None)
            if name in earlier_labels:
                kept[name] = earlier_labels[name]
        _put(runtime, "Labels", kept)
    elif word in _COLLECTED:
        kept = _read_map(runtime.get(_COLLECTED[word]))
        earlier_names = {name for step in below for name in _list_names(step.instruction, word)}
        for name in _list_names(instruction, word) - earlier_names:
            kept.pop(name, None)
        _put(runtime, _COLLECTED[word], kept)


def _undo_environment(names: set[str], runtime: dict[str, object], below: Sequence[BuildStep]) -> None:
    earlier = dict(_iter_earlier("ENV", below))
    kept = runtime.get("Env")
    variables = [str(each) for each in kept] if isinstance(kept, list) else []
    left = [each for each in variables if each.partition("=")[0] not in names]
    _put(runtime, "Env", [*left, *(f"{name}={earlier[name]}" for name in sorted(names) if name in earlier)])


def _iter_earlier(word: str, below: Sequence[BuildStep]) -> Iterator[tuple[str, str]]:
    """What the instructions of that name set, in their order."""
    for step in below:
        first, _, rest = step.instruction.strip().partition(" ")
        if first == word:
            yield from _iter_assignments(rest)


def _iter_assignments(text: str) -> Iterator[tuple[str, str]]:
    """`NAME=VALUE` of ENV and LABEL; a value with blanks goes up to the next name, as builders write none in quotes."""
    found = list(_ASSIGNMENT.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    for match, end in zip(found, ends, strict=False):
        value = text[match.end() : end].strip()
        is_quoted = len(value) > 1 and value[0] == value[-1] == '"'
        yield match[1], value[1:-1] if is_quoted else value


def _read_value(word: str, text: str) -> object:
    """What an instruction set; None for nothing, and for what the history does not tell word for word."""
    if not text or word == "HEALTHCHECK":
        return None
    if word not in _LISTS:
        return text
    try:
        listed = json.loads(text)
    except ValueError:
        return [*_SHELL, text]
    return listed if isinstance(listed, list) else None


def _list_names(instruction: str, word: str) -> set[str]:
    """What EXPOSE or VOLUME names, as a config has it: a port is one of TCP unless it says otherwise."""
    first, _, rest = instruction.strip().partition(" ")
    names = rest.strip("[]").replace('"', "").replace(",", " ").split() if first == word else ()
    return {name if word != "EXPOSE" or "/" in name else f"{name}/tcp" for name in names}


def _read_map(value: object) -> dict[str, object]:
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else {}


def _put(runtime: dict[str, object], key: str, value: object) -> None:
    """Set a value, or take it away where there is none."""
    if value:
        runtime[key] = value
    else:
        runtime.pop(key, None)
