"""Settings joined to one document: mappings into one another, lists one after the other, notes above what they are of.

Of two settings that say something else of the same thing, the later one holds.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from layerscope.recipe.yaml_text import Noted


def join_parts(parts: Iterable[tuple[Mapping[str, Any], str]]) -> dict[str, Any]:
    """The parts of a document, each with a note, which is left out where it is empty."""
    document: dict[str, Any] = {}
    for part, note in parts:
        _join(document, _add_note(part, note) if note and part else part)
    return document


def _add_note(part: Mapping[str, Any], note: str) -> dict[str, Any]:
    """The part with the note above the first of its lines that is no heading of others."""
    (key, value), *others = part.items()
    if isinstance(value, Mapping) and value:
        first: object = _add_note(value, note)
    elif isinstance(value, list) and value:
        first = [Noted(value[0], (note,)), *value[1:]]
    else:
        first = Noted(value, (note,))
    return {key: first, **dict(others)}


def _join(document: dict[str, Any], part: Mapping[str, Any]) -> None:
    for key, value in part.items():
        before = document.get(key)
        if isinstance(before, dict) and isinstance(value, Mapping):
            _join(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            document[key] = _append(before, value)
        elif before is not None and strip_notes(before) == strip_notes(value):
            document[key] = _share_notes(before, value)
        else:
            document[key] = _copy(value)


def _append(items: list[Any], more: list[Any]) -> list[Any]:
    """The items and those of the others that are not among them."""
    known = [strip_notes(item) for item in items]
    return [*items, *(item for item in more if strip_notes(item) not in known)]


def _share_notes(one: object, other: object) -> object:
    notes = (*_list_notes(one), *_list_notes(other))
    return Noted(strip_notes(one), tuple(dict.fromkeys(notes))) if notes else one


def _list_notes(value: object) -> tuple[str, ...]:
    return value.notes if isinstance(value, Noted) else ()


def _copy(value: object) -> object:
    """The same value, which may be joined with others without a change to the setting that it is of."""
    if isinstance(value, Mapping):
        return {key: _copy(each) for key, each in value.items()}
    return list(value) if isinstance(value, list) else value


def strip_notes(value: object) -> object:
    """The value without any note in it."""
    if isinstance(value, Noted):
        return strip_notes(value.value)
    if isinstance(value, Mapping):
        return {key: strip_notes(each) for key, each in value.items()}
    return [strip_notes(each) for each in value] if isinstance(value, list) else value
