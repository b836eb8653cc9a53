"""Credentials in the config: environment, labels, history, and health check, by place and kind, never by value."""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.formats.secret_text import (
    find_build_arguments,
    find_redactions,
    find_secrets,
    find_value_secret,
    is_number,
)
from layerscope.formats.token_forms import MATCHES_LIMIT, SecretMatch, find_tokens
from layerscope.image.history import BuildStep

_NAME_BEFORE: Final = re.compile(
    r"(?:(?<![\w-])--([A-Za-z][\w-]{1,60})(?:=|[ \t]{1,4}|[\"'],?[ \t]{0,4})"
    r"|(?<![\w$@/.-])([A-Za-z_][\w.-]{1,60})(?:[\"']?=|:[ \t]{1,4}|[\"']:[ \t]{0,4}))[\"']?$"
)
"""How a name stands before its value: `NAME=`, `name: `, `--name `; a word before a blank is no name."""

_LONGEST_BEFORE: Final = 80


class SecretPlace(StrEnum):
    """Where in the config a credential stands."""

    ENVIRONMENT = "environment"
    LABEL = "label"
    BUILD_ARGUMENT = "build argument"
    HISTORY = "history"
    COMMAND = "command"
    HEALTH_CHECK = "health check"


class ConfigSecret(Fact, frozen=True):
    """One credential: where it stands, under which name, of what kind, and how long it is.

    `is_certain` tells a token known by its form from a value that only its name makes a secret, `is_number` a value
    that may as well be a setting. `step` is the position in the history, `layer` the layer that the step made. `name`
    is empty where no name stands before the value, or where the name is no safer to show than the value.
    """

    place: SecretPlace
    name: str
    kind: str
    length: int
    is_certain: bool
    step: int | None = None
    layer: int | None = None
    is_number: bool = False


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
            yield from _check_text(text, seen, place)
        for step in context.steps:
            yield from _check_step(step, seen)


def _check_variable(place: SecretPlace, name: str, value: str, seen: set[str]) -> Iterator[ConfigSecret]:
    """The credential in a variable or label, if any; one without a value may be a credential itself."""
    match = find_value_secret(name, value)
    if match is not None:
        found = value[match.start : match.end]
        seen.add(found.strip("\"'"))
        yield _secret(place, "" if find_redactions(name) else name, match, found)
    else:
        yield from _check_text(name, seen, place)


def _check_step(step: BuildStep, seen: set[str]) -> Iterator[ConfigSecret]:
    """Credentials that a history entry records and that were not seen before."""
    yield from _check_text(step.created_by, seen, SecretPlace.HISTORY, step)


def _check_text(text: str, seen: set[str], place: SecretPlace, step: BuildStep | None = None) -> Iterator[ConfigSecret]:
    """Credentials of a text that were not seen before, each with the name before it."""
    matches = _find_distinct(text, seen)
    if not matches:
        return
    hidden = find_redactions(text)
    start, end = find_build_arguments(text) or (0, 0)
    for match in matches:
        is_argument = step is not None and start <= match.start < end
        name = _find_name(text, match.start, hidden)
        shown = SecretPlace.BUILD_ARGUMENT if is_argument else place
        yield _secret(shown, name, match, text[match.start : match.end], step)


def _secret(
    place: SecretPlace, name: str, match: SecretMatch, value: str, step: BuildStep | None = None
) -> ConfigSecret:
    """The fact of one match; of the value it keeps what kind of text it is."""
    return ConfigSecret(
        evidence=Evidence(layer=step.layer if step else None, detail=f"{place.value} {name}".strip()),
        place=place,
        name=name,
        kind=match.kind,
        length=match.length,
        is_certain=any(find_tokens(value)),
        step=step.position if step else None,
        layer=step.layer if step else None,
        is_number=is_number(value),
    )


def _find_distinct(text: str, seen: set[str]) -> list[SecretMatch]:
    """The credentials of a text in their order, those seen before left out, overlapping ones once (the surest kind)."""
    kept: list[SecretMatch] = []
    for match in find_secrets(text):
        if not any(match.start < other.end and other.start < match.end for other in kept):
            kept.append(match)
        if len(kept) == MATCHES_LIMIT:
            break
    fresh = []
    for match in sorted(kept, key=lambda match: match.start):
        value = text[match.start : match.end].strip("\"'")
        if value not in seen:
            fresh.append(match)
            seen.add(value)
    return fresh


def _find_name(text: str, position: int, hidden: Sequence[tuple[int, int]]) -> str:
    """The name that a value is assigned to, where one stands directly before it and may be shown."""
    start = max(0, position - _LONGEST_BEFORE)
    match = _NAME_BEFORE.search(text[start:position])
    if match is None:
        return ""
    first, last = match.span(1) if match[1] else match.span(2)
    is_hidden = any(begin < start + last and start + first < end for begin, end in hidden)
    name = match[1] or match[2]
    return "" if is_hidden or find_redactions(name) else name
