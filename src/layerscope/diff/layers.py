"""The layers of two images paired by what they hold, which is what their DiffIDs say."""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from layerscope.image.digest import Digest


class LayerFate(StrEnum):
    """What became of a layer."""

    SHARED = "shared"
    """Both images have it, at the same place."""
    MOVED = "moved"
    """Both have it, and others came or went below it."""
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class LayerPair:
    """A layer by its numbers in the image before and after, None where that has none."""

    fate: LayerFate
    before: int | None
    after: int | None


def pair_layers(before: Sequence[Digest], after: Sequence[Digest]) -> tuple[LayerPair, ...]:
    """Every layer once, by the DiffIDs of both images; those of the second in order, gone ones where they were.

    A DiffID that comes more than once is paired from the bottom.
    """
    waiting: dict[Digest, deque[int]] = defaultdict(deque)
    for number, diff_id in enumerate(before):
        waiting[diff_id].append(number)
    partners = {number: waiting[diff_id].popleft() for number, diff_id in enumerate(after) if waiting[diff_id]}
    left = deque(sorted(set(range(len(before))) - set(partners.values())))
    return tuple(_iter_pairs(partners, left, len(after)))


def _iter_pairs(partners: dict[int, int], left: "deque[int]", count: int) -> Iterator[LayerPair]:
    for number in range(count):
        partner = partners.get(number)
        while partner is not None and left and left[0] < partner:
            yield LayerPair(LayerFate.REMOVED, left.popleft(), None)
        if partner is None:
            yield LayerPair(LayerFate.ADDED, None, number)
        else:
            yield LayerPair(LayerFate.SHARED if partner == number else LayerFate.MOVED, partner, number)
    yield from (LayerPair(LayerFate.REMOVED, number, None) for number in left)


def count_shared(pairs: Sequence[LayerPair]) -> int:
    """How many of the lowest layers are the same."""
    shared = 0
    for pair in pairs:
        if pair.fate is not LayerFate.SHARED:
            break
        shared += 1
    return shared
