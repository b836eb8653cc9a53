"""SearchStep: by which of the loader's steps a needed name was found."""

from enum import StrEnum


class SearchStep(StrEnum):
    """The loader's steps, in the words that a report uses."""

    ROOT = "root"
    """Not searched: the program itself, or what dlopen was given."""
    LOADED = "already loaded"
    """An object loaded before has that name or SONAME."""
    PATH = "path"
    """The name holds a slash and is a path."""
    PRELOAD = "preload"
    """LD_PRELOAD or /etc/ld.so.preload."""
    RPATH = "RPATH"
    LIBRARY_PATH = "LD_LIBRARY_PATH"
    RUNPATH = "RUNPATH"
    CACHE = "ld.so.cache"
    DEFAULT = "default directories"
    INJECTED = "injected at run time"
    """Not in the image, and brought by the NVIDIA runtime."""
    NOWHERE = "not found"
