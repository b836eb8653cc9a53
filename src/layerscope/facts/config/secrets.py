"""Credentials in the config: environment, labels, history, and health check, by place and kind, never by value."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.formats.secret_text import find_secrets, find_value_secret
from layerscope.formats.token_forms import SecretMatch, find_tokens
from layerscope.image.history import BuildStep

_BUILD_ARGUMENTS: Final = re.compile(r"(?:^|\s)\|\d+ (.*?)(?=\s(?:/\S+/)?\w*sh -\w*c\b|$)", re.DOTALL)
"""Builders put the values of build arguments before the command: `|1 TOKEN=abc /bin/sh -c make`."""


class SecretPlace(StrEnum):
    """Where in the config a credential stands."""

    ENVIRONMENT = "environment"
    LABEL = "label"
    BUILD_ARGUMENT = "build argument"
    HISTORY = "history"
    COMMAND = "command"
    HEALTH_CHECK = "health check"


@dataclass(frozen=True, slots=True)
class ConfigSecret(Fact):
    """One credential: where it stands, under which name, of what kind, and how long it is.

    `is_certain` tells a token known by its form from a value that only its name makes a secret. `step` is the position
    in the history, `layer` the layer that the step made.
    """

    place: SecretPlace
    name: str
    kind: str
    length: int
    is_certain: bool
    step: int | None = None
    layer: int | None = None


class ConfigSecretCollector(Collector):
    """Searches every text of the config that a person may have put a credential in."""

    name = "config.secrets"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact a credential: environment, labels, commands, then history in order, each value once."""
        runtime = context.image.config.runtime
        seen: set[str] = set()
        for entry in runtime.env:
            name, _, value = entry.partition("=")
            yield from _check_variable(SecretPlace.ENVIRONMENT, name, value, seen)
        for name, value in sorted(runtime.labels.items()):
            yield from _check_variable(SecretPlace.LABEL, name, value, seen)
        texts = [(SecretPlace.COMMAND, " ".join((*runtime.entrypoint, *runtime.cmd)))]
        if runtime.healthcheck is not None:
            texts.append((SecretPlace.HEALTH_CHECK, " ".join(runtime.healthcheck.test)))
        for place, text in texts:
            for match in _find_distinct(text, seen):
                yield _secret(place, _name_before(text, match.start), match, is_certain=_is_certain(text, match))
        for step in context.steps:
            yield from _check_step(step, seen)


def _check_variable(place: SecretPlace, name: str, value: str, seen: set[str]) -> Iterator[ConfigSecret]:
    """The credential in a variable or label, if any."""
    match = find_value_secret(name, value)
    if match is not None:
        seen.add(value[match.start : match.end].strip("\"'"))
        yield _secret(place, name, match, is_certain=any(find_tokens(value)))


def _check_step(step: BuildStep, seen: set[str]) -> Iterator[ConfigSecret]:
    """Credentials that a history entry records and that were not seen before."""
    text = step.created_by
    arguments = _BUILD_ARGUMENTS.search(text)
    for match in _find_distinct(text, seen):
        is_argument = arguments is not None and arguments.start(1) <= match.start < arguments.end(1)
        yield _secret(
            SecretPlace.BUILD_ARGUMENT if is_argument else SecretPlace.HISTORY,
            _name_before(text, match.start),
            match,
            is_certain=_is_certain(text, match),
            step=step,
        )


def _secret(
    place: SecretPlace, name: str, match: SecretMatch, *, is_certain: bool, step: BuildStep | None = None
) -> ConfigSecret:
    """The fact of one match."""
    return ConfigSecret(
        evidence=Evidence(layer=step.layer if step else None, detail=f"{place.value} {name}".strip()),
        place=place,
        name=name,
        kind=match.kind,
        length=match.length,
        is_certain=is_certain,
        step=step.position if step else None,
        layer=step.layer if step else None,
    )


def _find_distinct(text: str, seen: set[str]) -> list[SecretMatch]:
    """The credentials of a text in their order, those seen before left out, overlapping ones once (the surest kind)."""
    kept: list[SecretMatch] = []
    for match in find_secrets(text):
        if not any(match.start < other.end and other.start < match.end for other in kept):
            kept.append(match)
    fresh = []
    for match in sorted(kept, key=lambda match: match.start):
        value = text[match.start : match.end].strip("\"'")
        if value not in seen:
            fresh.append(match)
            seen.add(value)
    return fresh


def _is_certain(text: str, match: SecretMatch) -> bool:
    """Whether a match is a token known by its form."""
    return any(find_tokens(text[match.start : match.end]))


def _name_before(text: str, position: int) -> str:
    """The name that a value is assigned to, where one stands directly before it."""
    match = re.search(r"([A-Za-z][\w.-]{1,60})[\"']?(?:=|:?[ \t]+)[\"']?$", text[max(0, position - 80) : position])
    return match[1] if match else ""
