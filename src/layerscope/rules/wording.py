"""Figures, layers and places in messages, worded alike by every rule."""

from collections.abc import Iterable
from typing import Final

from layerscope.facts.fact import Evidence
from layerscope.facts.layers.folders import Folder

SHOWN_LOCATIONS: Final = 20
"""Locations of one finding; beyond them, a count says more than a list."""

QUOTED_INSTRUCTION: Final = 100
"""Characters of an instruction inside a sentence; reports show the whole of it beside the layer."""

_UNITS: Final = ("B", "kB", "MB", "GB", "TB")
_STEP: Final = 1000


def tell_size(size: int) -> str:
    """Bytes in decimal units: `812 B`, `12.3 MB`."""
    if size < _STEP:
        return f"{size} B"
    value = float(size)
    for unit in _UNITS:
        if value < _STEP - 0.05 or unit == _UNITS[-1]:
            return f"{value:.1f} {unit}"
        value /= _STEP
    raise AssertionError(value)


def tell_count(count: int, noun: str, plural: str | None = None) -> str:
    """A count with its noun: `1 file`, `12,345 files`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def tell_share(share: float) -> str:
    """A part of the whole: `12%`, `under 1%`."""
    return f"{share:.0%}" if share >= 0.01 else "under 1%"  # noqa: PLR2004 - one per cent


def tell_layer(layer: int | None, instruction: str = "") -> str:
    """A layer, with the instruction that made it where the history says."""
    if layer is None:
        return "the config"
    return f"layer {layer} ({quote_instruction(instruction)})" if instruction else f"layer {layer}"


def begin(text: str) -> str:
    """The text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def quote_instruction(instruction: str) -> str:
    """An instruction short enough for a sentence."""
    if len(instruction) <= QUOTED_INSTRUCTION:
        return instruction
    return instruction[: QUOTED_INSTRUCTION - 1].rstrip() + "…"


def tell_list(items: Iterable[str], *, shown: int = 3) -> str:
    """The first items, and how many more there are: `a, b, c and 4 more`."""
    listed = list(items)
    if len(listed) > shown:
        return f"{', '.join(listed[:shown])} and {len(listed) - shown:,} more"
    return ", ".join(listed[:-1]) + " and " + listed[-1] if len(listed) > 1 else "".join(listed)


def tell_path(path: str) -> str:
    """A path as a container shows it."""
    return f"/{path}"


def locate_folders(folders: Iterable[Folder], *lead: Evidence) -> tuple[Evidence, ...]:
    """The places of a finding: those that lead, then the folders, up to the ceiling."""
    places = [*lead, *(Evidence(layer=folder.layer, path=folder.path) for folder in folders)]
    return tuple(dict.fromkeys(places))[:SHOWN_LOCATIONS]
