"""Named ceilings of the layer pass, fit for GPU images; passing one is its own kind of damage."""

from msgspec import Struct

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
TIB = 1 << 40

MAX_EXTENDED_HEADER = MIB
"""Bytes of one PAX or GNU extended header; Go's archive/tar, which every runtime uses, has the same ceiling."""

MAX_SPARSE_SEGMENTS = 100_000
"""Data segments of one sparse file; a legitimate map of a 100 GB file has some thousands."""

MAX_SPARSE_HOLES = 4 * GIB
"""Bytes of holes that are hashed in all sparse files of one layer: they cost nothing to send."""

MAX_NUMBER = 2**63 - 1
"""Largest size, owner or offset: what Linux and Go's archive/tar hold in 64 bits with a sign."""

MAX_FRAMES = 20_000_000
"""Gzip members or zstd frames of one blob; eStargz and zstd:chunked have one for each file."""

MAX_BZIP2_STREAMS = 3_000_000
"""Bzip2 streams of one blob: pbzip2 writes one for each 900 kB, 2.4 million for 2 TiB."""

MAX_XZ_STREAMS = 100_000
"""Xz streams of one blob: `xz -T` and pixz write one of many blocks, and more come of files that were put together. An
empty one of 60 bytes that asks for a dictionary of 128 MiB costs 33 microseconds, so that these cost three seconds."""

MAX_XZ_MEMORY = 130 * MIB
"""Bytes that a decoder of xz may take: a dictionary of 128 MiB, as large as zstd's window, and its state. `xz -9` asks
for 64 MiB, a header can claim 4 GiB."""

MAX_NAMES = GIB
"""Characters of all paths, links and extended attributes of one layer, which are held in memory."""

MAX_XATTR = 64 * KIB
"""Bytes of one extended attribute that Linux accepts (limits.h, XATTR_SIZE_MAX)."""

MAX_ANOMALIES = 100
"""Anomalies of one kind that are named for one layer; further ones are counted only."""

PATH_MAX = 4096
"""Bytes of a path that Linux accepts (limits.h)."""

NAME_MAX = 255
"""Bytes of one name in a path that Linux file systems accept (limits.h)."""


class Limits(Struct, frozen=True):
    """Ceilings that a user may raise; `flag` names in messages are those of the command line."""

    layer_size: int = 2 * TIB
    """Uncompressed bytes of one layer: a bomb of 1:1032 needs 2 GB of gzip to pass it, a real layer is 20 GB."""
    layer_entries: int = 20_000_000
    """Entries of one layer, and headers that bring none: about 4 GB of memory, and twice that for a moment in a worker
    that hands them over (as a million did); the largest images seen hold 3 million files."""
    sparse_holes: int = MAX_SPARSE_HOLES
    """Bytes of holes that are hashed; sparse files beyond have no digest."""

    def admit(self, size: int, entries: int) -> bool:
        """Whether a layer of so many uncompressed bytes, and entries with headers that bring none, is within."""
        return size <= self.layer_size and entries <= self.layer_entries


class LimitPassedError(ValueError):
    """A ceiling of the layer pass was passed; the message names it, and the flag that raises it where there is one."""
