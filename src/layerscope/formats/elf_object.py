"""ElfObject: what one ELF executable or shared object says of itself, as far as the loader and we care.

Words are those of the generic ABI (https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html) and of glibc's
versioning (https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, overload

from msgspec import Struct

EXECUTABLE: Final = 2
SHARED: Final = 3
"""Types; of the second are position-independent executables, too."""

X86_64: Final = 62
PIE: Final = 0x8000000


class NeededVersion(Struct, frozen=True):
    """A symbol version that an object requires of the library called `library` (DT_VERNEED); weak ones may lack."""

    library: str
    version: str
    is_weak: bool = False


class UndefinedSymbol(Struct, frozen=True):
    """A dynamic symbol that another object has to define; `version` is empty where none is asked for."""

    name: str
    version: str = ""
    is_weak: bool = False


class UndefinedSymbols(Sequence[UndefinedSymbol]):
    """Undefined symbols, packed: 119,000 of one PyTorch process would be as many objects, and few are looked at.

    `groups` has version, weakness, and names joined by NUL; sorted by all three, none twice.
    """

    __slots__ = ("groups",)

    def __init__(self, groups: Iterable[tuple[str, bool, bytes]] = ()) -> None:
        """Hold the groups, none of which is empty."""
        self.groups = tuple(groups)

    def __iter__(self) -> Iterator[UndefinedSymbol]:
        for version, is_weak, names in self.groups:
            for name in names.split(b"\0"):
                yield UndefinedSymbol(name.decode(errors="surrogateescape"), version, is_weak)

    @property
    def strong_names(self) -> list[bytes]:
        """The names that are not weak, as they stand in the file; empty ones left out."""
        return [name for _, is_weak, names in self.groups if not is_weak for name in names.split(b"\0") if name]

    def __len__(self) -> int:
        return sum(names.count(b"\0") + 1 for _, _, names in self.groups)

    @overload
    def __getitem__(self, index: int) -> UndefinedSymbol: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[UndefinedSymbol, ...]: ...
    def __getitem__(self, index: int | slice) -> UndefinedSymbol | tuple[UndefinedSymbol, ...]:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UndefinedSymbols) and self.groups == other.groups

    def __hash__(self) -> int:
        return hash(self.groups)

    def __repr__(self) -> str:
        return f"UndefinedSymbols({self.groups!r})"


class ElfObject(Struct, frozen=True):
    """One object; numbers are those of the ELF header, texts decoded as UTF-8 with surrogate escapes.

    `rpath` and `runpath` stand as written, with `$ORIGIN` and colons; None where the entry is absent. `exports` holds
    the GNU hash of each defined dynamic symbol's name, packed (`gnu_hash`): 400,000 names of a CUDA environment are
    30 MB.
    """

    bits: int
    """32 or 64."""
    is_little_endian: bool
    machine: int
    """e_machine: 62 is x86-64, 183 AArch64."""
    type: int
    """e_type: 2 executable, 3 shared object or position-independent executable."""
    interpreter: str | None = None
    """PT_INTERP, the path of the dynamic loader."""
    soname: str | None = None
    needed: tuple[str, ...] = ()
    rpath: str | None = None
    runpath: str | None = None
    flags: int = 0
    """DT_FLAGS."""
    flags_1: int = 0
    """DT_FLAGS_1: 0x800 is NODEFLIB, 0x8000000 PIE."""
    is_dynamic: bool = False
    """Whether it has a dynamic section at all."""
    required_versions: tuple[NeededVersion, ...] = ()
    provided_versions: tuple[str, ...] = ()
    undefined: Sequence[UndefinedSymbol] = ()
    exports: bytes = b""
    stack_flags: int | None = None
    """p_flags of PT_GNU_STACK: 1 is executable; None where the header is absent, which asks for an executable stack."""
    isa_needed: int = 0
    """GNU_PROPERTY_X86_ISA_1_NEEDED: bit 0 baseline, 1 v2, 2 v3, 3 v4."""
    minimum_kernel: str | None = None
    """NT_GNU_ABI_TAG's kernel version, like `3.2.0`."""
    build_id: str | None = None
    has_relr: bool = False
    """DT_RELR, which glibc before 2.36 does not know."""
    missing: int = 0
    """Bytes by which the file ends before what its headers point to."""
    missing_loaded: int = 0
    """Of these, bytes that the loader would map: without them it refuses the object, or the process dies."""
    forward_compatibility: str | None = None
    """The JSON text of `.note.cuda.fwd_compatibility`, in NVIDIA's user-mode drivers for older kernel modules."""
    problems: tuple[str, ...] = ()
    """What could not be read of it, each as one sentence without a full stop. Where there are some, absence of a name,
    version or symbol proves nothing."""

    @property
    def is_truncated(self) -> bool:
        """Whether the file ends before what its headers point to."""
        return self.missing > 0

    @property
    def is_executable(self) -> bool:
        """Whether it is started and not loaded by others; libc.so.6 names an ELF interpreter, too, but has a soname."""
        is_started = self.interpreter is not None and self.soname is None
        return self.type == EXECUTABLE or is_started or bool(self.flags_1 & PIE)
