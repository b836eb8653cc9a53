"""Two paths that swap what lies at them in one step, so that there is no moment at which one of them has nothing."""

import ctypes
import errno
import os
from pathlib import Path
from typing import Final

_EXCHANGE: Final = 2
"""RENAME_EXCHANGE, https://man7.org/linux/man-pages/man2/rename.2.html"""
_HERE: Final = -100
"""AT_FDCWD"""
_REFUSALS: Final = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP})


def exchange(one: Path, other: Path) -> None:
    """Swap two folders or files of one file system; raises OSError.

    Where the file system cannot, `other` is moved aside first: killed then, it lies beside its place, whole.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is not None and not rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE):
        return
    number = ctypes.get_errno() if rename is not None else errno.ENOSYS
    if number not in _REFUSALS:
        raise OSError(number, os.strerror(number), str(other))
    aside = other.with_name(f".{other.name}.replaced-{os.getpid()}")
    other.rename(aside)
    try:
        one.rename(other)
    except BaseException:
        aside.rename(other)
        raise
    aside.rename(one)
