"""Content that the container sees more than once: which files repeat one that a lower layer, or theirs, has already."""

from array import array
from dataclasses import dataclass
from typing import Final

from layerscope.filesystem.stack import LayerStack
from layerscope.layers.columns import NO_DIGEST
from layerscope.layers.index import DIGEST_SIZE

_WORDS: Final = DIGEST_SIZE // 8


@dataclass(frozen=True, slots=True)
class Repeats:
    """Positions in each layer, ascending, of visible files whose content came before; `first` says where.

    `first` leads from the ordinal of such a file to that of the first visible file with its content. Hard links share
    their content and repeat nothing; huge sparse files, whose content is not hashed, are never told equal.
    """

    positions: "tuple[array[int], ...]"
    first: dict[int, int]


def find_repeats(stack: LayerStack, covered: bytearray) -> Repeats:
    """Compare all files with content; `covered` flags the ordinals whose content the container does not see.

    Files are told apart by 64 bits of their digests, as numbers, which takes less time and memory than whole digests
    do; only those that agree in these are compared whole.
    """
    digests = b"".join(index.digests for index in stack.indexes)
    seen: dict[int, int] = {}
    alike: dict[bytes, int] = {}
    first: dict[int, int] = {}
    by_layer = []
    for layer in range(len(stack.indexes)):
        start, stop = stack.limits(layer)
        words = memoryview(digests)[start * DIGEST_SIZE : stop * DIGEST_SIZE].cast("Q")[::_WORDS].tolist()
        found = array("I")
        for ordinal, word, size, is_covered in zip(
            range(start, stop), words, stack.sizes[start:stop], covered[start:stop], strict=True
        ):
            if not size or is_covered:
                continue
            other = seen.setdefault(word, ordinal)
            if word and other == ordinal:
                continue
            digest = _digest(digests, ordinal)
            if digest == NO_DIGEST:
                continue
            if _digest(digests, other) != digest:
                other = alike.setdefault(digest, ordinal)
            if other != ordinal:
                first[ordinal] = other
                found.append(ordinal - start)
        by_layer.append(found)
    return Repeats(tuple(by_layer), first)


def _digest(digests: bytes, ordinal: int) -> bytes:
    return digests[ordinal * DIGEST_SIZE : ordinal * DIGEST_SIZE + DIGEST_SIZE]
