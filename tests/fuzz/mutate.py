"""Changes inputs at random, for the short test that needs no fuzzer."""

import random
from collections.abc import Sequence
from typing import Final

CHANGES: Final = 4
LARGEST: Final = 1 << 14
EDGES: Final = (0, 1, 0x7F, 0x80, 0xFF)


def change_input(content: bytes, *, words: Sequence[bytes], others: Sequence[bytes], source: random.Random) -> bytes:
    """`content` with a few changes: bytes, lengths, words, cuts, and parts of other inputs."""
    data = bytearray(content)
    for _ in range(source.randint(1, CHANGES)):
        _change_once(data, words=words, others=others, source=source)
    return bytes(data[:LARGEST])


def _change_once(data: bytearray, *, words: Sequence[bytes], others: Sequence[bytes], source: random.Random) -> None:
    place = source.randrange(len(data) + 1)
    span = source.choice((1, 2, 4, 8, 16))
    match source.randrange(8):
        case 0:
            data[place : place + 1] = bytes([source.randrange(256)])
        case 1:
            data[place : place + span] = bytes([source.choice(EDGES)]) * span
        case 2:
            data[place : place + span] = source.randbytes(span)
        case 3:
            del data[place:]
        case 4:
            del data[place : place + span]
        case 5:
            data[place:place] = data[place : place + source.randrange(1, 64)] * source.randrange(1, 8)
        case 6 if words:
            word = source.choice(words)
            data[place : place + source.choice((0, len(word)))] = word
        case _:
            other = source.choice(others)
            data[place:] = other[source.randrange(len(other) + 1) :]
