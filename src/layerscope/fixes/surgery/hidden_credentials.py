"""Credentials taken out of what a config records and no container needs: its history and its labels."""

from collections.abc import Iterable
from typing import Final

from layerscope.formats.secret_text import REDACTED, find_secrets, find_value_secret, join_matches

SHORTEST: Final = 6
"""Characters of a value that is looked for wherever it stands: shorter ones are words."""


def hide_credentials(document: dict[str, object], known: Iterable[str] = ()) -> None:
    """Put REDACTED in place of each credential of the history and of the labels; what is of another type stays.

    So goes each of the `known` values, whatever stands before it.
    """
    values = sorted({value for value in known if len(value) >= SHORTEST}, key=len, reverse=True)
    history = document.get("history")
    for step in history if isinstance(history, list) else ():
        if isinstance(step, dict):
            for key in ("created_by", "comment"):
                if isinstance(step.get(key), str):
                    step[key] = _hide(step[key], values)
    runtime = document.get("config")
    labels = runtime.get("Labels") if isinstance(runtime, dict) else None
    if isinstance(labels, dict):
        for name, value in labels.items():
            if isinstance(value, str):
                labels[name] = _hide_value(name, value, values)


def list_credentials(environment: Iterable[str]) -> list[str]:
    """The credentials that variables, `NAME=VALUE` each, hold."""
    pairs = (entry.partition("=") for entry in environment)
    found = ((value, find_value_secret(name, value)) for name, _, value in pairs)
    return [value[match.start : match.end].strip("\"'") for value, match in found if match is not None]


def _hide(text: str, values: Iterable[str]) -> str:
    text = _cut(text, join_matches(text, find_secrets(text)))
    for value in values:
        text = text.replace(value, REDACTED)
    return text


def _hide_value(name: str, value: str, values: Iterable[str]) -> str:
    """A label's value, which its name may tell to be a credential."""
    match = find_value_secret(name, value)
    return _hide(value if match is None else _cut(value, [(match.start, match.end)]), values)


def _cut(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with the mark in place of these parts, which are in order."""
    pieces, position = list[str](), 0
    for start, end in spans:
        pieces += [text[position:start], REDACTED]
        position = end
    return "".join([*pieces, text[position:]])
