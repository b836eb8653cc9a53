"""Places: images and paths as a person knows them, and which of a finding's a message names already."""

import posixpath
import re
from collections.abc import Iterable
from typing import Final

from layerscope.errors import ReferenceSyntaxError
from layerscope.image.image import Image
from layerscope.image.reference import Reference
from layerscope.rules.finding import Location
from layerscope.sources.streams import split_standard_input

_ENGINES: Final = ("docker:", "podman:", "registry:")
_ANY_ARCHIVE: Final = "archive"
"""The scheme of an archive that is of any form, which tells a person nothing."""
_FILES: Final = ("oci-", "docker-archive")
"""How sources begin that read a file or a folder, which no engine knows by that name."""


def root_path(path: str) -> str:
    """A path from the root, with one slash before it."""
    return "/" + path.lstrip("/")


def unroot_path(path: str) -> str:
    """A path from the image's root without a slash before it; one that leads out ends at the root, as in a container.

    Tars may name what they please: `/etc/passwd`, `../../etc/passwd`.
    """
    return posixpath.normpath(f"/{path}").lstrip("/") or "."


def tell_reference(reference: str) -> str:
    """An image's name for a person: what came through a pipe has none."""
    found = split_standard_input(reference)
    if found is None:
        return reference
    scheme, selected = found
    told = ", ".join(filter(None, ("" if scheme == _ANY_ARCHIVE else scheme, selected.removeprefix(":"))))
    return f"standard input ({told})" if told else "standard input"


def tell_familiar(reference: str) -> str:
    """An image's name as people type it, without what Docker completes; what is no such name, as it is."""
    try:
        return tell_reference(reference) if ":/" in reference else Reference.parse(reference).familiar
    except ReferenceSyntaxError:
        return tell_reference(reference)


def find_engine_name(image: Image) -> str:
    """The name by which an engine or a registry knows an image; empty for a file."""
    name = next((image.reference.removeprefix(each) for each in _ENGINES if image.reference.startswith(each)), "")
    if not name and image.source.startswith(_FILES):
        return ""
    try:
        Reference.parse(name or image.reference)
    except ReferenceSyntaxError:
        return ""
    return name or image.reference


def is_layer_named(layer: int, message: str) -> bool:
    """Whether a message names that layer itself."""
    return re.search(rf"\blayer {layer}\b", message, re.IGNORECASE) is not None


def select_unnamed(locations: Iterable[Location], message: str) -> list[Location]:
    """The locations that a message leaves out, each without what the message says; the order stays.

    Layers are told all or not at all: one alone, below a message that names another, would look like the guilty one.
    """
    places = list(locations)
    layers = {place.layer for place in places} - {None}
    is_layer_left = any(layer is not None and not is_layer_named(layer, message) for layer in layers)
    unnamed = []
    for place in places:
        layer = place.layer if is_layer_left else None
        path = None if place.path is None or root_path(place.path) in message else place.path
        if layer is not None or path is not None:
            unnamed.append(Location(layer, path))
    return unnamed
