"""Device code: what a fatbinary container holds, as its entry headers say it.

The layout of containers and entries is in `formats.fatbinary`, which reads it.
"""

from enum import StrEnum

from msgspec import Struct


class CodeKind(StrEnum):
    """What an entry of a container holds."""

    SASS = "sass"
    """A cubin: machine code for one real architecture."""
    PTX = "ptx"
    """Virtual instructions, which the driver compiles when they are loaded."""
    LTO = "lto"
    """Intermediate code for linking on the build machine; never loaded."""
    OTHER = "other"
    """A kind that is not known here; it makes no GPU work."""


class DeviceTarget(Struct, frozen=True, order=True):
    """One entry: its kind, its architecture (`90` is sm_90 or compute_90), and what limits it.

    `suffix` is `a` (that architecture alone), `f` (its family), or empty. `ptx_isa` is the PTX ISA version (9, 0) of
    PTX, and (0, 0) of anything else.
    """

    kind: CodeKind
    arch: int
    suffix: str = ""
    ptx_isa: tuple[int, int] = (0, 0)


class ContainerGroup(Struct, frozen=True):
    """Containers of one object that hold the same targets: how many, in which section, and their bytes as stored.

    `section` is the ELF section's name, or empty where the file has no section table. `bytes_by_arch` counts payload
    bytes by architecture, for SASS and PTX together.
    """

    targets: tuple[DeviceTarget, ...]
    count: int
    section: str
    bytes_by_arch: tuple[tuple[int, int], ...] = ()


class DeviceCode(Struct, frozen=True):
    """All device code of one object, groups sorted by section and targets.

    `damaged` counts containers that do not parse to their end, `unread` those beyond the ceilings: no group has them.
    """

    groups: tuple[ContainerGroup, ...]
    damaged: int = 0
    unread: int = 0
