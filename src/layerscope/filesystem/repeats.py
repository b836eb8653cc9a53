"""Content that the container sees more than once: which files repeat one that a lower layer, or theirs, has already."""

from array import array

from msgspec import Struct

from layerscope.filesystem.stack import LayerStack
from layerscope.layers.columns import NO_DIGEST
from layerscope.layers.index import DIGEST_SIZE


class Repeats(Struct, frozen=True):
    """Positions in each layer, ascending, of visible files whose content came before; `first` says where.

    `first` leads from the ordinal of such a file to that of the first visible file with its content. Hard links share
    their content and repeat nothing; huge sparse files, whose content is not hashed, are never told equal.
    """

    positions: "tuple[array[int], ...]"
    first: dict[int, int]


def find_repeats(stack: LayerStack, covered: bytearray) -> Repeats:
    """Compare all files with content; `covered` flags the ordinals whose content the container does not see."""
    seen: dict[bytes, int] = {}
    first: dict[int, int] = {}
    by_layer = []
    for layer, index in enumerate(stack.indexes):
        start, stop = stack.limits(layer)
        digests = bytes(index.digests)
        found = array("I")
        for position, (size, is_covered) in enumerate(zip(index.sizes, covered[start:stop], strict=True)):
            if not size or is_covered:
                continue
            digest = digests[position * DIGEST_SIZE : (position + 1) * DIGEST_SIZE]
            ordinal = start + position
            other = seen.setdefault(digest, ordinal)
            if other != ordinal and digest != NO_DIGEST:
                first[ordinal] = other
                found.append(position)
        by_layer.append(found)
    return Repeats(tuple(by_layer), first)
