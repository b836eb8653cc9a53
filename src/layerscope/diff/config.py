"""Two configs compared key by key, whatever keys they have; the layers and the history are compared elsewhere."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from layerscope.diff.change import ValueChange
from layerscope.image.config import ImageConfig

ELSEWHERE: Final = frozenset({"history", "rootfs"})

_RUNTIME: Final = "config"
_ENVIRONMENT: Final = "Env"


def iter_config_changes(before: ImageConfig, after: ImageConfig) -> Iterator[ValueChange]:
    """Every key that differs, by its path in the document (`config.Env.PATH`), sorted; null is as good as absent."""
    one, other = dict(_flatten(before)), dict(_flatten(after))
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) != other.get(name):
            yield ValueChange(name, one.get(name), other.get(name))


def _flatten(config: ImageConfig) -> Iterator[tuple[str, str]]:
    """The document's values as text; maps go by their keys, the environment by its names."""
    document: dict[str, Any] = json.loads(config.content)
    for key, value in document.items():
        if key in ELSEWHERE:
            continue
        if key == _RUNTIME and isinstance(value, Mapping):
            for name, setting in value.items():
                yield from _flatten_setting(f"{_RUNTIME}.{name}", setting, is_environment=name == _ENVIRONMENT)
        else:
            yield from _flatten_setting(key, value)


def _flatten_setting(name: str, value: object, *, is_environment: bool = False) -> Iterator[tuple[str, str]]:
    if is_environment and isinstance(value, list):
        variables = (str(entry).partition("=") for entry in value)
        yield from {f"{name}.{variable}": setting for variable, _, setting in variables}.items()
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield f"{name}.{key}", "" if item == {} else _tell(item)
    elif value is not None and value != []:
        yield name, _tell(value)


def _tell(value: object) -> str:
    """Text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
