"""Two configs compared key by key, whatever keys they have; the layers and the history are compared elsewhere."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from layerscope.diff.change import ValueChange
from layerscope.formats.secret_text import redact_text, redact_value, redact_words
from layerscope.image.config import ImageConfig

ELSEWHERE: Final = frozenset({"history", "rootfs"})

_NESTED: Final = ("config", "container_config")
_ENVIRONMENT: Final = "Env"
_NAMED: Final = ("Env.", "Labels.")
"""Settings whose own names may say that their values are credentials."""

_EMPTY: Final[tuple[object, ...]] = (None, "", [], {})
"""Builders write one of these, or nothing, for a setting that nobody made."""

_SWITCHES: Final = frozenset(
    {"AttachStdin", "AttachStdout", "AttachStderr", "Tty", "OpenStdin", "StdinOnce", "NetworkDisabled", "ArgsEscaped"}
)
"""What is off where it is absent, of https://pkg.go.dev/github.com/docker/docker/api/types/container#Config; the config
of OCI, https://github.com/opencontainers/image-spec/blob/main/config.md, has hardly any of these."""


def iter_config_changes(before: ImageConfig, after: ImageConfig) -> Iterator[ValueChange]:
    """Every key that differs, by its path in the document (`config.Env.PATH`), sorted; credentials are hidden.

    What is empty is as good as absent, and so is a switch that is off.
    """
    one, other = dict(_flatten(before)), dict(_flatten(after))
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) != other.get(name):
            yield ValueChange(name, _show(name, one.get(name)), _show(name, other.get(name)))


def _flatten(config: ImageConfig) -> Iterator[tuple[str, object]]:
    """The document's values; maps go by their keys, the environment by its names."""
    document: dict[str, Any] = json.loads(config.content)
    for key, value in document.items():
        if key in _NESTED and isinstance(value, Mapping):
            for name, setting in value.items():
                yield from _flatten_setting(f"{key}.{name}", setting, is_environment=name == _ENVIRONMENT)
        elif key not in ELSEWHERE:
            yield from _flatten_setting(key, value)


def _flatten_setting(name: str, value: object, *, is_environment: bool = False) -> Iterator[tuple[str, object]]:
    if is_environment and isinstance(value, list):
        variables = (str(entry).partition("=") for entry in value)
        yield from {f"{name}.{variable}": setting for variable, _, setting in variables}.items()
    elif isinstance(value, Mapping):
        yield from ((f"{name}.{key}", "" if item == {} else item) for key, item in value.items())
    elif value not in _EMPTY and not (value is False and name.rpartition(".")[2] in _SWITCHES):
        yield name, value


def _show(name: str, value: object) -> str | None:
    """The value as text: words of a list and text as they are, everything else as JSON; no credentials."""
    if value is None:
        return None
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return json.dumps(redact_words(value), ensure_ascii=False)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    setting = name.partition(".")[2]
    own = next((setting.removeprefix(start) for start in _NAMED if setting.startswith(start)), "")
    for part in (own, *own.split(".")) if own else ():
        text = redact_value(part, text)
    return redact_text(text)
