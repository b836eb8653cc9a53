"""The GNU hash table of an ELF file, and the hash by which loaders look names up in it.

For each defined symbol the table holds the hash of its name, so that four bytes a symbol tell what a library exports,
and no name is read. https://flapenguin.me/elf-dt-gnu-hash
"""

import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from itertools import compress
from typing import Final

from msgspec import Struct

from layerscope.errors import FormatError
from layerscope.formats.elf_header import ElfHeader
from layerscope.formats.elf_integers import read_integers

HASH_SIZE: Final = 4
"""Bytes of a packed hash."""

_SEED, _FACTOR, _MASK = 5381, 33, 0xFFFFFFFF
_CLEAR_LOWEST: Final = bytes(number & ~1 for number in range(256))
_LANE: Final = 8
_FREE_STEPS: Final = 6
"""Characters that a hash of 32 bits takes in before it outgrows its lane of 64 bits: 33 to the sixth has 31."""

_BATCH: Final = 512
"""Names that are hashed side by side."""


class GnuHashTable(Struct, frozen=True):
    """The hashes of the symbols from number `first` on; the lowest bit of each says whether its chain ends.

    `count` is the number of all symbols, None where the table is empty, which tells nothing.
    """

    first: int
    count: int | None
    chains: Sequence[int]

    def pick(self, wanted: bytes) -> bytes:
        """The packed hashes of those symbols whose byte in `wanted` is 1; raises FormatError."""
        if self.count is None:
            return b""
        chosen = wanted[self.first :]
        if len(self.chains) < len(chosen):
            raise FormatError(f"a GNU hash table of {len(self.chains):,} symbols, expected {len(chosen):,}")
        return pack_hashes(compress(self.chains, chosen))


def parse_gnu_hash(table: memoryview, header: ElfHeader) -> GnuHashTable:
    """The table, whose end only its last chain tells; raises FormatError."""
    try:
        buckets, first, bloom, _ = struct.Struct(header.order + "4I").unpack_from(table)
    except struct.error as cause:
        raise FormatError("a GNU hash table without its head") from cause
    start = 16 + bloom * header.word
    stop = start + HASH_SIZE * buckets
    if stop > len(table):
        raise FormatError(f"{buckets:,} buckets in a GNU hash table of {len(table):,} bytes")
    last = max(read_integers(table[start:stop], header), default=0)
    if last < max(first, 1):
        return GnuHashTable(first, None, ())
    chains = read_integers(table[stop:], header)
    for number in range(last - first, len(chains)):
        if chains[number] & 1:
            return GnuHashTable(first, first + number + 1, chains[: number + 1])
    raise FormatError("a chain without end in the GNU hash table")


def pack_hashes(hashes: Iterable[int]) -> bytes:
    """Hashes without their lowest bit, which tables use for something else, as little-endian numbers."""
    numbers = array("I", hashes)
    if sys.byteorder == "big":
        numbers.byteswap()
    packed = bytearray(numbers.tobytes())
    packed[::4] = packed[::4].translate(_CLEAR_LOWEST)
    return bytes(packed)


def unpack_hashes(packed: bytes) -> tuple[int, ...]:
    """The hashes that were packed."""
    return struct.unpack(f"<{len(packed) // HASH_SIZE}I", packed)


def hash_names(names: Sequence[bytes]) -> bytes:
    """The packed hashes of names, in their order.

    Names of similar length are hashed side by side, each in 64 bits of one long number, which takes a quarter of the
    time of one name after the other.
    """
    hashes = array("I", bytes(HASH_SIZE * len(names)))
    order = sorted(range(len(names)), key=lambda number: len(names[number]))
    for start in range(0, len(order), _BATCH):
        batch = order[start : start + _BATCH]
        for number, value in zip(batch, _hash_batch([names[number] for number in batch]), strict=True):
            hashes[number] = value
    return pack_hashes(hashes)


def _hash_batch(names: Sequence[bytes]) -> Iterable[int]:
    """The hash of each name: the seed, and for each character the factor times what there is, plus the character.

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
