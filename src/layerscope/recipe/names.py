"""Names that engines take for applications, volumes and claims, made of the texts of an image."""

import re
from collections.abc import Container
from typing import Final

LONGEST: Final = 40
"""Characters: a name of Kubernetes has at most 63, and some are made longer there."""

_OTHER: Final = re.compile(r"[^a-z0-9]+")
_TAG: Final = re.compile(r":[^/]*$")


def name_application(image: str) -> str:
    """The last part of an image's name, as every engine takes it: `generate` of `acme/generate:2.4.1`."""
    return to_name(_TAG.sub("", image.partition("@")[0]).rpartition("/")[2]) or "app"


def to_name(text: str) -> str:
    """Lower-case letters and digits with hyphens between, as for a label of DNS; empty where there are none."""
    name = _OTHER.sub("-", text.lower()).strip("-")[:LONGEST].strip("-")
    return name if not name[:1].isdigit() else f"n{name}"[:LONGEST].strip("-")


def name_once(text: str, known: Container[str]) -> str:
    """A name for a path that no other has yet."""
    name = to_name(text) or "data"
    number = 2
    while (unique := name if number == 2 else f"{name}-{number - 1}") in known:  # noqa: PLR2004 -- the first is bare
        number += 1
    return unique
