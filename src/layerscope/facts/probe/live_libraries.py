"""Libraries that a probe saw in the memory of a process, where they are not what the image's files let expect."""

from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.fact import Fact


class UnexpectedLibrary(Fact, frozen=True):
    """A library that came from another file than the replayed loader found for `root`.

    That is an extension module, or the folder of several that load the same. `found` and `expected` are real paths
    without a leading slash, `expected` empty where none was found; `step` is how the expected one was found, and
    `moment` when the other was seen. `is_in_image` says whether the file that came is one of the image's own.
    """

    soname: str
    found: str
    expected: str
    step: SearchStep
    root: str
    moment: str
    is_in_image: bool = True


class TwiceLoadedLibrary(Fact, frozen=True):
    """One SONAME that a process holds from several files, which differ.

    `told_by` is the code of a finding in the image's files that says so already, and that this confirms.
    """

    soname: str
    paths: tuple[str, ...]
    moment: str
    told_by: str = ""


class DeletedLibrary(Fact, frozen=True):
    """A library that a process still holds, and whose file is gone or was replaced while it ran."""

    path: str
    moment: str


class LiveLibraries(Fact, frozen=True):
    """How many libraries were held in the end, how many of them the NVIDIA runtime brought, and others from outside."""

    count: int
    injected: tuple[str, ...]
    foreign: tuple[str, ...]
    compared: int
    """Needs of mapped modules that were compared with the replay."""
