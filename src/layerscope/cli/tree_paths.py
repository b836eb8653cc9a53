"""A path that a person names, found in the merged tree or in one layer, with errors that help when it is not there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from layerscope.audit.doubts import iter_doubts
from layerscope.audit.read_image import ReadImage
from layerscope.errors import LayerDamageError, TreeError, UsageError
from layerscope.filesystem.lifetime import EventKind
from layerscope.filesystem.links import LinkFailure
from layerscope.filesystem.merge import merge_layers
from layerscope.filesystem.node import Node
from layerscope.filesystem.tree import MergedTree

_ENDS: Final = frozenset({EventKind.REMOVED, EventKind.OPAQUED})


def check_layer(layer: int, read: ReadImage) -> int:
    """Return the number of a layer that the image has; raises UsageError."""
    count = len(read.scans)
    if not 0 <= layer < count:
        have = f"layers 0 to {count - 1}" if count else "no layers"
        raise UsageError(f"layer {layer} of {read.image.reference}: the image has {have}")
    return layer


@contextmanager
def heeding_damage(read: ReadImage) -> Iterator[None]:
    """Where a layer is damaged, a TreeError is one of damage: what is not found may be what could not be read."""
    try:
        yield
    except TreeError as error:
        damaged = sorted({doubt.layer for doubt in iter_doubts(read) if doubt.is_damage})
        if not damaged:
            raise
        named = ", ".join(map(str, damaged))
        told = f"layer {named} is" if len(damaged) == 1 else f"layers {named} are"
        raise LayerDamageError(f"{error}; {told} damaged, and may say otherwise") from error


def find_visible(path: str, tree: MergedTree, *, follow: bool) -> Node:
    """What the container sees at a path; raises TreeError that says what became of it."""
    resolution = tree.resolve_steps(path, follow_last=follow)
    if resolution.node is not None:
        return resolution.node
    assert resolution.failure is not None, "what leads nowhere says why"
    where = f"/{resolution.stopped_at}"
    match resolution.failure:
        case LinkFailure.MISSING:
            why = f"{where} is not in the image{_tell_removal(resolution.stopped_at, tree)}"
        case LinkFailure.NOT_A_DIRECTORY:
            why = f"{where} is not a directory"
        case LinkFailure.TOO_MANY_LINKS:
            why = f"{where} is one symlink more than the kernel follows"
    via = "".join(f" (by {step.path} -> {step.target})" for step in resolution.steps[-1:])
    raise TreeError(f"finding /{path.strip('/')}: {why}{via}")


def find_in_layer(path: str, layer: int, read: ReadImage) -> Node:
    """What one layer puts at a path, hard links to lower layers included; raises TreeError."""
    tree = merge_layers([scan.index for scan in read.scans[: check_layer(layer, read) + 1]])
    name = path.strip("/")
    node = tree.get(name)
    if node is None or node.layer != layer or node.is_implied:
        raise TreeError(
            f"finding /{name} in layer {layer}: the layer does not add or change it{_tell_holders(name, read.tree)}"
        )
    return node


def _tell_holders(path: str, tree: MergedTree) -> str:
    """Which layers of the whole image bring a path."""
    layers = sorted({event.layer for event in tree.lifetime(path) if event.kind not in _ENDS})
    if not layers:
        return ""
    noun, verb = ("layer", "has") if len(layers) == 1 else ("layers", "have")
    return f"; {noun} {', '.join(map(str, layers))} {verb} it"


def _tell_removal(path: str, tree: MergedTree) -> str:
    """Which layer removed a path, and which one still has it."""
    events = tree.lifetime(path)
    if not events or events[-1].kind not in _ENDS:
        return ""
    kept = next((event.layer for event in reversed(events[:-1])), None)
    hint = f"; --layer {kept} still has it" if kept is not None else ""
    return f": layer {events[-1].layer} removed it{hint}"
