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
    "visibility": Deadline(10, 20),
    "loader": Deadline(60, 240),
}
"""Of each stage: importing reads up to two gigabytes of libraries, and the first kernel may have to be compiled."""

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


def scale(deadline: Deadline, factor: float) -> Deadline:
    """The deadline on a slower machine."""
    return Deadline(deadline.soft * factor, deadline.hard * factor)
