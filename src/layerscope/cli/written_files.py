"""Files of the user's that are changed: all of them, or none."""

import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from layerscope.errors import UsageError
from layerscope.fixes.dockerfile.build_context import read_regular
from layerscope.fixes.dockerfile.file_changes import FileChange

NEW_MODE: Final = 0o644
"""The mode of a file that was not there before."""


def check_files(changes: Sequence[FileChange]) -> None:
    """Raise UsageError where a file is not what was read any more."""
    for change in changes:
        if not _is_text(change.place, change.before):
            raise UsageError(f"writing {change.name!r}: it was changed since it was read; nothing was written")


def write_files(changes: Sequence[FileChange]) -> None:
    """Put every text in its file's place, with the mode and owner that it has.

    All are written beside their places before the first takes its own. Raises UsageError, and then nothing is changed.
    """
    check_files(changes)
    prepared: list[Path] = []
    done: list[FileChange] = []
    name = ""
    try:
        for change in changes:
            name = change.name
            prepared.append(_prepare(change.place, change.after))
        for change, temporary in zip(changes, prepared, strict=True):
            name = change.name
            temporary.replace(change.place)
            done.append(change)
    except BaseException as error:
        for temporary in prepared:
            temporary.unlink(missing_ok=True)
        restore_files(done)
        if isinstance(error, OSError):
            raise UsageError(f"writing {name!r}: {error.strerror}; nothing was written") from error
        raise


def restore_files(changes: Sequence[FileChange]) -> list[str]:
    """Put back what was there before, where nobody changed it since; the names of what is not as it was."""
    left: list[str] = []
    for change in changes:
        try:
            if not _is_text(change.place, change.after):
                left.append(change.name)
            elif change.before is None:
                change.place.unlink()
            else:
                _prepare(change.place, change.before).replace(change.place)
        except OSError:
            left.append(change.name)
    return left


@contextmanager
def hold_files(changes: Sequence[FileChange], complain: Callable[[str], None]) -> Iterator[Callable[[], None]]:
    """Write the files for as long as the context is open; for good where what it gives is called."""
    write_files(changes)
    is_kept = False

    def keep() -> None:
        nonlocal is_kept
        is_kept = True

    try:
        yield keep
    finally:
        if not is_kept:
            for name in restore_files(changes):
                complain(f"{name} could not be put back as it was")


def _is_text(place: Path, text: str | None) -> bool:
    """Whether a file holds that text; None is no file."""
    if text is None:
        return not os.path.lexists(place)
    return read_regular(place) == text.encode()


def _prepare(place: Path, text: str) -> Path:
    """A file beside the place that is ready to take it."""
    handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            _take_over(place, file.fileno())
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return Path(temporary)


def _take_over(place: Path, handle: int) -> None:
    """Give a file the mode and owner of the one whose place it takes."""
    try:
        old, own = place.stat(), os.fstat(handle)
    except FileNotFoundError:
        os.fchmod(handle, NEW_MODE)
        return
    if (old.st_uid, old.st_gid) != (own.st_uid, own.st_gid):
        os.fchown(handle, old.st_uid, old.st_gid)
    os.fchmod(handle, stat.S_IMODE(old.st_mode))
