"""Extractor: who wants to see a file's bytes while its layer passes, and what is kept of them."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Wants:
    """Which regular files an extractor is shown: a file is shown when any one criterion holds.

    All are look-ups of constant cost, since every file of an image is asked about. `paths` are normalised full paths,
    `names` base names, `suffixes` the last dot and what follows (`.pem`), `magics` the first bytes of the content. A
    `folder` is the name of the one that a file with such a suffix has to lie in: images hold millions of `.json` files.
    """

    paths: frozenset[str] = field(default_factory=frozenset)
    names: frozenset[str] = field(default_factory=frozenset)
    suffixes: frozenset[str] = field(default_factory=frozenset)
    magics: frozenset[bytes] = field(default_factory=frozenset)
    folder: str = ""
    limit: int = 65536
    """Most bytes of the content that are shown; larger files are shown from their start."""


class Extractor(Protocol):
    """Turns the start of a wanted file into plain data (None, bool, int, float, str, bytes, lists, dicts by str).

    What it returns depends on its arguments alone, since it is kept in the layer cache under its name and version.
    """

    @property
    def name(self) -> str:
        """Stable name, part of the cache key."""

    @property
    def version(self) -> int:
        """Raised whenever `extract` would return something else for the same file."""

    @property
    def wants(self) -> Wants:
        """The files to be shown."""

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """Return what is to be kept of the file, or None; `content` may stop before `size`. Must not raise."""


class FileReading(Protocol):
    """One file on its way past a stream extractor."""

    def feed(self, piece: memoryview) -> None:
        """Take the next piece of the content, which is gone afterwards; none is empty. Must not raise."""

    def finish(self) -> object:
        """Return what is to be kept of the file as plain data, or None. Must not raise."""


class StreamExtractor(Protocol):
    """Sees all of a wanted file, piece by piece, in memory that has a ceiling whatever the file's size.

    Same promises as an `Extractor`; the limit of what it wants says nothing here.
    """

    @property
    def name(self) -> str:
        """Stable name, part of the cache key."""

    @property
    def version(self) -> int:
        """Raised whenever the same file would leave something else."""

    @property
    def wants(self) -> Wants:
        """The files to be shown."""

    def open_file(self, path: str, *, size: int, mode: int) -> FileReading:
        """Return what takes the file's pieces."""


AnyExtractor = Extractor | StreamExtractor
