"""The layers of a comparison as they are listed: one that was built anew is one row, not one gone and one come."""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from layerscope.audit.image_diff import ImageDiff
from layerscope.audit.result import AuditedLayer
from layerscope.diff.layers import LayerFate, LayerPair

_ANEW: Final = "built anew"


@dataclass(frozen=True)
class LayerRow:
    """A layer, or two that the same instruction made: the numbers in both images, what became of it, and what it is.

    It is that of the second image, where there is one.
    """

    before: int | None
    after: int | None
    fate: str
    layer: AuditedLayer

    @property
    def is_shared(self) -> bool:
        """Whether both images have it at the same place."""
        return self.fate == LayerFate.SHARED


def list_layer_rows(difference: ImageDiff) -> list[LayerRow]:
    """Every layer of both images, in the order of their pairs; none where layers are not compared."""
    return list(_iter_rows(difference)) if "layers" in difference.scope.parts else []


def _iter_rows(difference: ImageDiff) -> Iterator[LayerRow]:
    gone: dict[str, deque[int]] = defaultdict(deque)
    for pair in difference.layers:
        if pair.after is None and pair.before is not None:
            gone[_tell_step(difference.before.layers[pair.before])].append(pair.before)
    partners = dict(_iter_partners(difference, gone))
    replaced = frozenset(partners.values())
    for pair in difference.layers:
        if pair.after is None and pair.before in replaced:
            continue
        row = _make_row(pair, difference)
        partner = partners.get(pair.after) if pair.after is not None else None
        yield row if partner is None else replace(row, before=partner, fate=_ANEW)


def _iter_partners(difference: ImageDiff, gone: dict[str, deque[int]]) -> Iterator[tuple[int, int]]:
    """Each layer that came where one of the same instruction went, with that one; from the bottom."""
    for pair in difference.layers:
        if pair.before is not None or pair.after is None:
            continue
        step = _tell_step(difference.after.layers[pair.after])
        if step and gone[step]:
            yield pair.after, gone[step].popleft()


def _tell_step(layer: AuditedLayer) -> str:
    return layer.step.instruction if layer.step is not None else ""


def _make_row(pair: LayerPair, difference: ImageDiff) -> LayerRow:
    result, number = (difference.after, pair.after) if pair.after is not None else (difference.before, pair.before)
    assert number is not None, "a pair has a layer on one side at least"
    return LayerRow(pair.before, pair.after, str(pair.fate), result.layers[number])
