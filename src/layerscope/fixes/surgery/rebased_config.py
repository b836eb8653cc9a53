"""The config of an image on another base: what came from the old base is that of the new one, its own stays.

Each setting is merged from three: as the old base, the image and the new base have it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from layerscope.image.config import ImageConfig
from layerscope.image.history import pair_history

Document = dict[str, object]

_BY_KEY: Final = ("Labels", "ExposedPorts", "Volumes")
"""Settings that are merged entry by entry."""

_ENVIRONMENT: Final = "Env"
_AS_A_WHOLE: Final = (
    "User",
    "Entrypoint",
    "Cmd",
    "WorkingDir",
    "StopSignal",
    "StopTimeout",
    "Healthcheck",
    "Shell",
    "OnBuild",
    "ArgsEscaped",
)
"""Settings that are one base's or the image's; others, such as `Hostname`, are what a builder left, and stay."""

_OF_THE_BASE: Final = ("os.version", "os.features")
_LIST_SEPARATOR: Final = ":"


class RebasedConfig(NamedTuple):
    """The document, and what changed for whoever runs the image: lines for a person."""

    content: bytes
    changes: tuple[str, ...]


def rebase_config(
    image: ImageConfig, old: ImageConfig, new: ImageConfig, claims: Mapping[str, str | None] | None = None
) -> RebasedConfig:
    """The image's config, moved from one base to another; how many layers those have is what their configs say.

    Of labels that claim what the base is, those that the image has get the values in `claims`, or go.
    """
    document, below, above = (json.loads(config.content) for config in (image, old, new))
    document["rootfs"]["diff_ids"] = [str(digest) for digest in (*new.rootfs, *image.rootfs[len(old.rootfs) :])]
    if isinstance(document.get("history"), list) or isinstance(above.get("history"), list):
        own = _select_own_history(document.get("history") or [], below.get("history") or [], image, len(old.rootfs))
        document["history"] = [*(above.get("history") or []), *own]
    for key in _OF_THE_BASE:
        document.pop(key, None)
        if key in above:
            document[key] = above[key]
    before = document.get("config") or {}
    after = _merge_runtime(before, below.get("config") or {}, above.get("config") or {})
    if claims and (labels := _list_entries(after.get("Labels"))):
        told = {key: claims.get(key, value) for key, value in labels.items()}
        after["Labels"] = {key: value for key, value in told.items() if value is not None or key not in claims}
    if after or document.get("config"):
        document["config"] = after
    return RebasedConfig(json.dumps(document, separators=(",", ":")).encode(), tuple(_tell_changes(before, after)))


def _select_own_history(
    history: Sequence[object], below: Sequence[object], image: ImageConfig, base_layers: int
) -> Sequence[object]:
    """The steps after those of the old base; where those are not told word for word, after its last layer's."""
    if list(history[: len(below)]) == list(below):
        return history[len(below) :]
    steps = pair_history(image, len(image.rootfs))
    last = max((step.position for step in steps if step.layer is not None and step.layer < base_layers), default=-1)
    return history[last + 1 :]


def _merge_runtime(own: Document, old: Document, new: Document) -> Document:
    """The settings of the container."""
    merged: Document = {}
    for key in dict.fromkeys((*own, *new)):
        if key == _ENVIRONMENT:
            value: object = _merge_environment(*(_list_texts(each.get(key)) for each in (own, old, new)))
        elif key in _BY_KEY:
            value = _merge_entries(*(_list_entries(each.get(key)) for each in (own, old, new))) or None
        elif key in _AS_A_WHOLE:
            value = new.get(key) if own.get(key) == old.get(key) else own.get(key)
        else:
            value = own.get(key)
        if value or key in own:
            merged[key] = value
    return merged


def _merge_entries(own: Document, old: Document, new: Document) -> Document:
    kept = {key: value for key, value in own.items() if key not in old or old[key] != value}
    gone = old.keys() - own.keys()
    return {key: value for key, value in new.items() if key not in gone} | kept


def _merge_environment(own: Sequence[str], old: Sequence[str], new: Sequence[str]) -> list[str]:
    """The variables of the new base, those that the image had set in its own way, and its others."""
    values, below, above = (_split(each) for each in (own, old, new))
    kept = {name: value for name, value in values.items() if below.get(name) != value}
    kept = {name: _put_on(value, below.get(name, ""), above.get(name, "")) for name, value in kept.items()}
    gone = below.keys() - values.keys()
    merged = {name: value for name, value in above.items() if name not in gone} | kept
    return [f"{name}={value}" for name, value in merged.items()]


def _put_on(value: str, below: str, above: str) -> str:
    """A list that an image put before or behind that of its base, put before or behind another one."""
    if below and above and value.endswith(_LIST_SEPARATOR + below):
        return value.removesuffix(below) + above
    if below and above and value.startswith(below + _LIST_SEPARATOR):
        return above + value.removeprefix(below)
    return value


def _split(environment: Iterable[str]) -> dict[str, str]:
    """Variables by name; of one that is set twice, the last counts."""
    pairs = (entry.partition("=") for entry in environment)
    return {name: value for name, _, value in pairs}


def _tell_changes(before: Document, after: Document) -> Iterable[str]:
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if (old or None) == (new or None):
            continue
        if key == _ENVIRONMENT:
            yield from _tell_entries(key, _split(_list_texts(old)), _split(_list_texts(new)))
        elif key in _BY_KEY:
            yield from _tell_entries(key, _list_entries(old), _list_entries(new))
        else:
            yield f"{key}={_tell(new)}" if new else f"{key} is not set any more"


def _tell_entries(key: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterable[str]:
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield f"{key} {name} is not set any more"
        elif old.get(name) != new[name] or name not in old:
            yield f"{key} {name}={_tell(new[name])}"


def _tell(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _list_texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _list_entries(value: object) -> Document:
    return value if isinstance(value, dict) else {}
