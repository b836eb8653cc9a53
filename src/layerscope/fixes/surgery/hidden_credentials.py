"""Credentials taken out of what a config records and no container needs: its history and its labels."""

from collections.abc import Iterable

from layerscope.formats.secret_text import REDACTED, find_secrets, find_value_secret, hide_values, join_matches


def hide_credentials(document: dict[str, object], known: Iterable[str] = ()) -> None:
    """Put REDACTED in place of each credential of the history and of the labels; what is of another type stays.

    So goes each of the `known` values, whatever stands before it.
    """
    values = tuple(known)
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
    return hide_values(_cut(text, join_matches(text, find_secrets(text))), values)


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
