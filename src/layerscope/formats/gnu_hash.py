"""The GNU hash table of an ELF file, and the hash by which loaders look names up in it.

For each defined symbol the table holds the hash of its name, so that four bytes a symbol tell what a library exports,
and no name is read. The lowest bit of each ends a chain, and is told by the bucket that the chain belongs to.
https://flapenguin.me/elf-dt-gnu-hash
"""

import struct
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, compress, repeat, zip_longest
from operator import sub
from typing import Final

from msgspec import Struct

from layerscope.errors import FormatError
from layerscope.formats.elf_header import ElfHeader
from layerscope.formats.elf_integers import read_integers

HASH_SIZE: Final = 4
"""Bytes of a packed hash."""

_SEED, _FACTOR, _MASK = 5381, 33, 0xFFFFFFFF
"""The hash of a name begins with the seed, takes each byte by `hash * factor + byte`, and has 32 bits."""

_LOWEST_BYTE: Final = 0 if sys.byteorder == "little" else HASH_SIZE - 1
_IS_ODD: Final = bytes(number & 1 for number in range(256))
"""By a word's lowest byte: 1 where it ends a chain."""

_LANE: Final = 8
"""Bytes in which a hash is computed beside others."""

_FREE_STEPS: Final = 6
"""Bytes of a name that 32 bits may take in before they outgrow a lane: the factor to the sixth power has 31."""

_BATCH: Final = 512
"""Names that are hashed side by side at most."""

_WORTH_LANES: Final = 24
"""Names of similar length below which one after the other is faster."""


class GnuHashTable(Struct, frozen=True):
    """The hashes of the symbols from number `first` on.

    `count` is the number of all symbols, None where no symbol is in the table, which tells nothing. `hashes` is None
    where the table has one bucket, which does not tell their lowest bits.
    """

    first: int
    count: int | None
    hashes: Sequence[int] | None

    def pick(self, wanted: bytes) -> bytes | None:
        """The packed hashes of those symbols whose byte in `wanted` is 1, if they are told; raises FormatError."""
        if self.count is None:
            return b""
        if self.count < len(wanted):
            raise FormatError(f"a GNU hash table of {self.count:,} symbols, expected {len(wanted):,}")
        return None if self.hashes is None else pack_hashes(compress(self.hashes, wanted[self.first :]))


def parse_gnu_hash(table: memoryview, header: ElfHeader) -> GnuHashTable:
    """The table, whose end only its last chain tells; raises FormatError."""
    try:
        count, first, bloom, _ = struct.unpack_from(header.order + "4I", table)
    except struct.error as cause:
        raise FormatError("a GNU hash table without its head") from cause
    start = 16 + bloom * header.word
    stop = start + HASH_SIZE * count
    if stop > len(table):
        raise FormatError(f"{count:,} buckets in a GNU hash table of {len(table):,} bytes")
    buckets = read_integers(table[start:stop], header)
    begins = sorted((begin, bucket) for bucket, begin in enumerate(buckets) if begin)
    if not begins:
        return GnuHashTable(first, None, None)
    hashes = _read_chains(read_integers(table[stop:], header), first, begins, count)
    return GnuHashTable(first, first + len(hashes), hashes if count > 1 else None)


def _read_chains(words: "array[int]", first: int, begins: Sequence[tuple[int, int]], count: int) -> "array[int]":
    """The hashes of symbols, chain by chain; `begins` has the first symbol of each and its bucket, of `count`.

    There may be hundreds of thousands, so they are gone through as columns.
    """
    ends = words.tobytes()[_LOWEST_BYTE::HASH_SIZE].translate(_IS_ODD)
    stop = ends.find(1, max(begins[-1][0] - first, 0)) + 1
    if not stop:
        raise FormatError("a chain without end in the GNU hash table")
    expected = [0, *(place + 1 for place in compress(range(stop - 1), ends))]
    for begin, place in zip_longest((begin for begin, _ in begins), expected, fillvalue=stop):
        if begin - first != place:
            raise FormatError(f"a chain of the GNU hash table begins at symbol {begin:,}, expected {first + place:,}")
    lengths = map(sub, (*expected[1:], stop), expected)
    buckets = chain.from_iterable(map(repeat, (bucket for _, bucket in begins), lengths))
    pairs = zip(words, buckets, strict=False)  # behind the last chain there may be more words
    return array("I", [even if (even := word & ~1) % count == bucket else word | 1 for word, bucket in pairs])


def pack_hashes(hashes: Iterable[int]) -> bytes:
    """Hashes as little-endian numbers."""
    numbers = array("I", hashes)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def unpack_hashes(packed: bytes) -> tuple[int, ...]:
    """The hashes that were packed; what is left of another one is dropped."""
    count = len(packed) // HASH_SIZE
    return struct.unpack_from(f"<{count}I", packed)


def hash_names(names: Sequence[bytes]) -> bytes:
    """The packed hashes of names, in their order.

    Many names of similar length are hashed side by side, each in a lane of one long number: 18,000 names of 55 bytes
    took a quarter of the time that they take one after the other.
    """
    hashes = array("I", bytes(HASH_SIZE * len(names)))
    order = sorted(range(len(names)), key=lambda number: len(names[number]))
    for batch in _iter_batches(order, names):
        hash_batch = _hash_beside if len(batch) >= _WORTH_LANES else _hash_in_turn
        for number, value in zip(batch, hash_batch([names[number] for number in batch]), strict=True):
            hashes[number] = value
    return pack_hashes(hashes)


def _iter_batches(order: Sequence[int], names: Sequence[bytes]) -> Iterator[list[int]]:
    """The numbers of names in batches in which none is more than twice as long as another, or both are short."""
    batch = list[int]()
    for number in order:
        if batch and (len(batch) == _BATCH or len(names[number]) > 2 * len(names[batch[0]]) + 64):
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def _hash_in_turn(names: Sequence[bytes]) -> Iterator[int]:
    for name in names:
        value = _SEED
        for byte in name:
            value = (value * _FACTOR + byte) & _MASK
        yield value


def _hash_beside(names: Sequence[bytes]) -> Sequence[int]:
    """The hash of each name, the longest of which is the last.

    Names are filled up with zeros on the left, which leave a hash without seed at zero; what the seed adds depends on
    the length alone.
    """
    count, width = len(names), len(names[-1])
    matrix = b"".join([name.rjust(width, b"\0") for name in names])
    mask = int.from_bytes(_MASK.to_bytes(_LANE, "little") * count, "little")
    total, lanes = 0, bytearray(_LANE * count)
    for column in range(width):
        lanes[::_LANE] = matrix[column::width]
        total = total * _FACTOR + int.from_bytes(lanes, "little")
        if column % _FREE_STEPS == _FREE_STEPS - 1:
            total &= mask
    ends = struct.unpack(f"<{count}Q", (total & mask).to_bytes(_LANE * count, "little"))
    seeds = {length: _SEED * pow(_FACTOR, length, _MASK + 1) for length in set(map(len, names))}
    return [(end + seeds[len(name)]) & _MASK for end, name in zip(ends, names, strict=True)]
