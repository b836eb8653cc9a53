"""PlainNames: tells the names that need no thought, nine in ten of them by a look at their last part alone."""

from layerscope.layers.path import WHITEOUT_PREFIX

_SHORT_PART = 63
"""Characters up to which a part fits NAME_MAX in any encoding of four bytes a character."""
_SHORT_PATH = 1000
_REMEMBERED = 65536
"""Directories that are remembered: more than the 14,000 runs of the largest layer measured, and some 20 MB."""
_REMEMBERED_LENGTH = 256
"""Characters of a directory that is remembered: the hot loop meets no longer names, which need an extended header."""


class PlainNames:
    """Names that are UTF-8, printable, canonical, of no excess length, and no whiteouts.

    `directories` are those that were found plain, for the scanner's hot loop: a name in one of them is plain if its
    last part is. The root is not among them, since `/name` seems to lie in it, too.
    """

    def __init__(self) -> None:
        """Know no directory yet."""
        self.directories: set[str] = set()

    def admits(self, path: str) -> bool:
        """Whether a name, without `./` before it and a slash behind it, is plain and so a path as it stands."""
        directory, slash, base = path.rpartition("/")
        if len(path) > _SHORT_PATH or not _is_plain_part(base):
            return False
        return self._admits_directory(directory) if slash else True

    def _admits_directory(self, directory: str) -> bool:
        """Whether a directory's name is plain; it and its parents are remembered if so."""
        asked = []
        while directory not in self.directories:
            asked.append(directory)
            directory, slash, base = directory.rpartition("/")
            if not _is_plain_part(base):
                return False
            if not slash:
                break
        if len(self.directories) + len(asked) > _REMEMBERED:
            self.directories.clear()  # in place, since the hot loop holds on to the set
        self.directories.update(path for path in asked if len(path) <= _REMEMBERED_LENGTH)
        return True


def _is_plain_part(part: str) -> bool:
    """Whether one part of a path is printable, short, and neither a dot name nor a whiteout."""
    if not 0 < len(part) <= _SHORT_PART or not part.isprintable():
        return False
    return part[0] != "." or not (part in {".", ".."} or part.startswith(WHITEOUT_PREFIX))
