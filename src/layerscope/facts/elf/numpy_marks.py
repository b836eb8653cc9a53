"""NumpyMarks: which of the words occur in an extension module that tell for which NumPy it was built."""

from enum import IntFlag
from typing import Final

from layerscope.facts.elf.kept_ranges import to_bytes


class NumpyAbi(IntFlag):
    """Words that the headers of NumPy put into what is compiled with them.

    Built with NumPy 1 is what has `ARRAY_API` and `CORE` without `NEW_CORE`: so were 163 of 163 modules of wheels for
    NumPy 1, and none of 57 for NumPy 2.
    """

    NONE = 0
    ARRAY_API = 1
    """`_ARRAY_API`, the capsule that every user of the C API imports."""
    CORE = 2
    """`numpy.core`, where it was up to NumPy 1."""
    NEW_CORE = 4
    """`numpy._core`, where it is from NumPy 2 on."""

    @property
    def is_numpy_1(self) -> bool:
        """Whether the module was built with the headers of NumPy 1."""
        return self & (NumpyAbi.ARRAY_API | NumpyAbi.CORE | NumpyAbi.NEW_CORE) == NumpyAbi.ARRAY_API | NumpyAbi.CORE


MAX_MODULE: Final = 64 << 20
"""Bytes of a module that is searched: larger ones are libraries, not users of NumPy."""

_WORDS: Final = (
    (b"_ARRAY_API", NumpyAbi.ARRAY_API),
    (b"numpy.core", NumpyAbi.CORE),
    (b"numpy._core", NumpyAbi.NEW_CORE),
)
_ALL: Final = NumpyAbi.ARRAY_API | NumpyAbi.CORE | NumpyAbi.NEW_CORE
_OVERLAP: Final = max(len(word) for word, _ in _WORDS) - 1
_SITES: Final = ("site-packages/", "dist-packages/")
_VENDORED: Final = ("/nvidia/", ".libs/")
"""Folders of libraries that know nothing of Python: CUDA's own, as wheels and Triton bring them, and what auditwheel
puts beside a package. In an image of 6 GB they are half of all that would be searched."""


def may_use_numpy(path: str, size: int) -> bool:
    """Whether a file is an extension module that is searched."""
    if not path.endswith(".so") or size > MAX_MODULE or not any(site in path for site in _SITES):
        return False
    return not any(folder in path for folder in _VENDORED)


class NumpyMarks:
    """Searches a file that passes in pieces."""

    def __init__(self) -> None:
        """Begin before the first byte."""
        self.found = NumpyAbi.NONE
        self._tail = b""

    def feed(self, piece: memoryview, *, is_last: bool = False) -> None:
        """Search the next piece, and the border to the one before; the first word alone tells whether to go on.

        That holds only of a file in one piece: of longer ones the words may come in any order.
        """
        content = to_bytes(piece)
        is_whole = is_last and not self._tail
        if is_whole and _WORDS[0][0] not in content:
            return
        self._search(content)
        if self._tail:
            self._search(self._tail + content[:_OVERLAP])
        self._tail = (self._tail + content)[-_OVERLAP:] if len(content) < _OVERLAP else content[-_OVERLAP:]

    def skip(self) -> None:
        """Pass over a piece that holds machine code alone."""
        self._tail = b"\0"

    def _search(self, content: bytes) -> None:
        if self.found == _ALL:
            return
        for word, mark in _WORDS:
            if not self.found & mark and word in content:
                self.found |= mark
