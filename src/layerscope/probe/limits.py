"""Deadlines and limits of a probe: closed and bounded, unless the user opens them."""

from typing import Final

from msgspec import Struct

GIB: Final = 1 << 30
MIB: Final = 1 << 20


class Deadline(Struct, frozen=True):
    """Seconds after which a stage is late, and after which it is ended."""

    soft: float
    hard: float


DEADLINES: Final = {
    "start": Deadline(10, 30),
    "env": Deadline(2, 15),
    "devices": Deadline(2, 15),
    "driver": Deadline(10, 60),
    "kernel": Deadline(10, 60),
    "imports": Deadline(30, 120),
    "tokenizer": Deadline(5, 60),
    "weights": Deadline(5, 30),
    "device": Deadline(10, 60),
    "prefill": Deadline(30, 300),
    "decode": Deadline(30, 60),
    "detokenize": Deadline(1, 10),
    "transformers": Deadline(30, 120),
    "own-lookup": Deadline(20, 90),
    "own-tokenizer": Deadline(30, 120),
    "own-weights": Deadline(30, 150),
    "own-device": Deadline(10, 120),
    "own-prefill": Deadline(30, 300),
    "own-decode": Deadline(60, 600),
    "own-text": Deadline(1, 10),
    "own-stream": Deadline(60, 600),
    "batch": Deadline(60, 240),
    "visibility": Deadline(10, 20),
    "listen": Deadline(60, 600),
    "health": Deadline(60, 600),
    "models": Deadline(10, 60),
    "chat-16": Deadline(30, 300),
    "chat-512": Deadline(60, 300),
    "completion": Deadline(30, 120),
    "stream": Deadline(30, 200),
    "request-log": Deadline(10, 30),
    "loader": Deadline(60, 240),
}
"""Of each stage: importing reads up to two gigabytes of libraries, and the first kernel may have to be compiled.

A server loads its weights before it listens or before it is healthy; tens of gigabytes take minutes.
"""

OTHER_STAGE: Final = Deadline(10, 60)

GRACE: Final = 5.0
"""Seconds beyond all deadlines that the payload is given to end what is late; after that its container is killed."""


class ContainerLimits(Struct, frozen=True):
    """What the container may use."""

    memory: int = 8 * GIB
    """Bytes, swap included."""
    pids: int = 512
    tmp: int = 512 * MIB
    """Bytes of /tmp, which is kept in memory."""
    shm: int = 64 * MIB
    """Bytes of /dev/shm: what engines give when nobody asks."""
    disk: int = 4 * GIB
    """Bytes that may go from the free space of the disk where it can write: no engine bounds that.

    Kernels that are compiled, caches and downloads that no network answers take less; a host can spare so much.
    """


def time_weights(size: int) -> Deadline:
    """For loading so many bytes: late below 200 MB a second, and ended at a fifth of that."""
    soft = max(DEADLINES["own-weights"].soft, size / 200e6)
    return Deadline(soft, 5 * soft)


def scale(deadline: Deadline, factor: float) -> Deadline:
    """The deadline on a slower machine."""
    return Deadline(deadline.soft * factor, deadline.hard * factor)
