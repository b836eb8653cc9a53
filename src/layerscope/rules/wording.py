"""Figures, layers and places in messages, worded alike by every rule."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from layerscope.facts.fact import Evidence
from layerscope.facts.layers.folders import Folder

SHOWN_LOCATIONS: Final = 20
"""Locations of one finding; beyond them, a count says more than a list."""

QUOTED_INSTRUCTION: Final = 100
"""Characters of an instruction inside a sentence; reports show the whole of it beside the layer."""

SHOWN_MESSAGE: Final = 300
"""Characters of somebody else's message in a sentence; logs and JSON have the whole of it."""

_COMMANDS: Final = frozenset(
    {"apk", "apt-get", "chmod", "chown", "conda", "docker", "git", "hf", "kubectl", "ldconfig", "nvidia-ctk",
     "nvidia-smi", "patchelf", "pip", "podman", "python3", "uv"}
)  # fmt: skip
"""Programs by which a sentence may begin."""

_STORED_SOURCE: Final = re.compile(r"\b(?:file|dir|multi):[0-9a-f]{12,64}(?: in)?(?= )")
"""The classic builder keeps no names: https://github.com/moby/moby/blob/v20.10.24/builder/dockerfile/internals.go"""

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


def tell_layers(layers: Iterable[int]) -> str:
    """Several layers by their numbers: `layer 3`, `layers 0 and 1`."""
    numbers = [str(layer) for layer in sorted(layers)]
    return f"{'layer' if len(numbers) == 1 else 'layers'} {tell_list(numbers)}"


def begin(text: str) -> str:
    """The text as the beginning of a sentence; a command stays as it is typed."""
    first = text.split(maxsplit=1)[:1]
    return text if first and first[0] in _COMMANDS else text[:1].upper() + text[1:]


def shorten(text: str) -> str:
    """A message short enough for a line: its beginning and its end, where Python names what is wrong."""
    if len(text) <= SHOWN_MESSAGE:
        return text
    return f"{text[: SHOWN_MESSAGE * 3 // 4].rstrip()} … {text[-SHOWN_MESSAGE // 4 :].lstrip()}"


def quote_instruction(instruction: str) -> str:
    """An instruction short enough for a sentence."""
    if len(instruction) <= QUOTED_INSTRUCTION:
        return instruction
    return instruction[: QUOTED_INSTRUCTION - 1].rstrip() + "…"


def quote_copy(instruction: str) -> str:
    """A copying instruction for a sentence; what a builder noted of its source by digest is left to the reader."""
    return quote_instruction(_STORED_SOURCE.sub("SOURCE", instruction))


def tell_list(items: Iterable[str], *, shown: int = 3, is_cut: bool = False, unlisted: int = 0) -> str:
    """The first items, and how many more there are: `a, b, c and 4 more`; `and others` where the items are cut.

    `unlisted` are those beyond the items, where their number is known.
    """
    listed = list(items)
    if is_cut:
        return f"{', '.join(listed[:shown])} and others"
    more = max(0, len(listed) - shown) + unlisted
    if listed and more:
        return f"{', '.join(listed[:shown])} and {more:,} more"
    return ", ".join(listed[:-1]) + " and " + listed[-1] if len(listed) > 1 else "".join(listed)


def tell_path(path: str) -> str:
    """A path as a container shows it."""
    return f"/{path}"


def blame_latest(*places: Evidence) -> tuple[Evidence, ...]:
    """The places with those of the latest layer first: what was fine until a later layer came is that layer's doing."""
    return tuple(
        sorted(dict.fromkeys(places), key=lambda place: -1 if place.layer is None else place.layer, reverse=True)
    )


def tell_folders(folders: Sequence[Folder], files: int) -> str:
    """The folders with most bytes, those of several layers taken together, of all that hold so many files."""
    sizes: dict[str, int] = {}
    for folder in folders:
        sizes[folder.path] = sizes.get(folder.path, 0) + folder.size
    largest = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
    is_cut = sum(folder.files for folder in folders) < files
    return tell_list((f"{tell_path(path)} {tell_size(size)}" for path, size in largest), is_cut=is_cut)


def locate_folders(folders: Iterable[Folder], *lead: Evidence) -> tuple[Evidence, ...]:
    """The places of a finding: those that lead, then the folders layer by layer, up to the ceiling."""
    kept = list(folders)[:SHOWN_LOCATIONS]
    order = {layer: number for number, layer in enumerate(dict.fromkeys(folder.layer for folder in kept))}
    kept.sort(key=lambda folder: order[folder.layer])
    places = [*lead, *(Evidence(layer=folder.layer, path=folder.path) for folder in kept)]
    return tuple(dict.fromkeys(places))[:SHOWN_LOCATIONS]
