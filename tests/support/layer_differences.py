"""Differences between what an engine does with layers and what layerscope says of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from support.compared_layers import ComparedLayers, compare_layers
from support.known_differences import is_known_refusal, is_known_row
from support.layer_rows import Row
from support.live_engines import LiveEngine
from support.random_layers import Layers


class Kind(Enum):
    """In what they differ."""

    UNTOLD_REFUSAL = "the engine refuses it, and nothing is told"
    FALSE_REFUSAL = "it is told to be refused, and the engine takes it"
    TREE = "the trees differ"


@dataclass(frozen=True)
class Difference:
    """One difference, and what each side says."""

    kind: Kind
    details: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join((self.kind.value, *(f"    {detail}" for detail in self.details)))


def find_difference(engine: LiveEngine, layers: Layers, folder: Path) -> Difference | None:
    """The difference, if there is one that is not known; where one is found, the engine is asked once more.

    Engines stumble now and then where others load and remove an image with the same layer at the same time.
    """
    found = _find_difference(engine, layers, folder)
    return found and _find_difference(engine, layers, folder)


def _find_difference(engine: LiveEngine, layers: Layers, folder: Path) -> Difference | None:
    compared = compare_layers(engine, layers, folder)
    refusal, told = compared.answer.refusal, compared.told.refusals
    if bool(refusal) != bool(told) and is_known_refusal(compared):
        return None
    if refusal:
        return None if told else Difference(Kind.UNTOLD_REFUSAL, (refusal,))
    if told:
        return Difference(Kind.FALSE_REFUSAL, told)
    rows = tuple(_compare_rows(compared))
    return Difference(Kind.TREE, rows) if rows else None


def _compare_rows(compared: ComparedLayers) -> Iterator[str]:
    """The paths that are not alike."""
    ours, theirs = compared.told.rows, compared.answer.rows
    for path in sorted(ours.keys() | theirs.keys()):
        if ours.get(path) != theirs.get(path) and not is_known_row(compared, path):
            yield f"/{path}: {_show(ours.get(path))}; in the engine {_show(theirs.get(path))}"


def _show(row: Row | None) -> str:
    return "nothing" if row is None else str(row)
