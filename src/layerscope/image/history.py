"""The build steps of an image, each with the layer it made."""

from datetime import datetime

from msgspec import Struct

from layerscope.image.config import HistoryEntry, ImageConfig
from layerscope.image.instruction import read_instruction


class BuildStep(Struct, frozen=True):
    """One entry of the history; layers that have none get a step of their own, after the history's end."""

    position: int
    """Place in the history."""
    created: datetime | None
    created_by: str
    """As the builder wrote it."""
    instruction: str
    """The same as a line of a Dockerfile, for a person."""
    empty: bool
    """Whether it says that it made no layer."""
    layer: int | None
    """The layer it made; None for an empty step and for one more than there are layers."""
    author: str = ""
    comment: str = ""


def pair_history(config: ImageConfig, layer_count: int) -> tuple[BuildStep, ...]:
    """Return every build step in order, the n-th that is not empty with the n-th layer.

    Where the history is longer or shorter than the layers, pairing starts at the bottom, as BuildKit's does, and
    `history_mismatch` says so.
    """
    steps: list[BuildStep] = []
    layer = 0
    for entry in config.history:
        is_paired = not entry.empty_layer and layer < layer_count
        steps.append(_to_step(entry, position=len(steps), layer=layer if is_paired else None))
        layer += is_paired
    nothing = HistoryEntry()
    steps.extend(
        _to_step(nothing, position=len(config.history) + number, layer=missing)
        for number, missing in enumerate(range(layer, layer_count))
    )
    return tuple(steps)


def history_mismatch(config: ImageConfig, layer_count: int) -> str | None:
    """Say how the history differs from the layers, or None where each layer has its step or there is no history."""
    recorded = sum(not entry.empty_layer for entry in config.history)
    if not config.history or recorded == layer_count:
        return None
    consequence = (
        "the upper layers have no build step" if recorded < layer_count else "the last build steps have no layer"
    )
    return (
        f"the history records {recorded} layers, the image has {layer_count}: {consequence}, and others may be shifted"
    )


def _to_step(entry: HistoryEntry, *, position: int, layer: int | None) -> BuildStep:
    return BuildStep(
        position=position,
        created=entry.created,
        created_by=entry.created_by,
        # an imported root file system has no instruction, but engines note where it came from
        instruction=read_instruction(entry.created_by) or entry.comment,
        empty=entry.empty_layer,
        layer=layer,
        author=entry.author,
        comment=entry.comment,
    )
