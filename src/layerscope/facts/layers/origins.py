"""Which layers brought files, and whether a step of the Dockerfile made them."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from msgspec import Struct

from layerscope.facts.context import FactContext
from layerscope.facts.layers.folders import FileList

_STEPS: Final = frozenset({"RUN", "COPY", "ADD"})


class Maker(StrEnum):
    """Who made a layer, which decides what can be changed about it."""

    BASE = "base"
    """The base image, an import or a tool: there is no step of one's own Dockerfile to change."""
    OWN = "own"
    """A step above the base image that the user named."""
    STEP = "step"
    """A step of a Dockerfile, perhaps the base image's: nobody said what the base is."""


class Origin(Struct, frozen=True):
    """A layer that shipped files, and how many bytes of them."""

    layer: int
    files: int
    size: int
    instruction: str
    maker: Maker


def sum_by_origin(lists: Iterable[FileList], context: FactContext) -> tuple[Origin, ...]:
    """Files and bytes by the layer that shipped them, most bytes first; each list is of another layer."""
    origins = [
        Origin(
            layer=files.layer,
            files=len(files.paths),
            size=sum(files.sizes),
            instruction=context.instruction(files.layer),
            maker=judge_maker(context, files.layer),
        )
        for files in lists
    ]
    return tuple(sorted(origins, key=lambda origin: (-origin.size, origin.layer)))


def judge_maker(context: FactContext, layer: int) -> Maker:
    """Who made a layer, by the base that the user named and by the history."""
    if layer < context.base_layers:
        return Maker.BASE
    if not is_step(layer, context.instruction(layer)):
        return Maker.BASE
    return Maker.OWN if context.base_layers else Maker.STEP


def is_step(layer: int, instruction: str) -> bool:
    """Whether a layer was made by a step of some Dockerfile, and is not a root file system or another tool's."""
    words = instruction.split()
    if not words or words[0].upper() not in _STEPS:
        return False
    return not (layer == 0 and words[0].upper() == "ADD" and words[-1] == "/")
