"""Files of the user's that are changed: all of them, or none."""

import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from layerscope.errors import UsageError
from layerscope.fixes.dockerfile.build_context import read_regular
from layerscope.fixes.dockerfile.file_changes import FileChange
from layerscope.held_signals import HeldSignals

Times = tuple[int, int]
"""When a file was read and when it was changed last, in nanoseconds since 1970."""

NEW_MODE: Final = 0o644
"""The mode of a file that was not there before."""


def check_files(changes: Sequence[FileChange]) -> None:
    """Raise UsageError where a file is not what was read any more, or has other names that would keep the old text."""
    for change in changes:
        if not _is_text(change.place, change.before):
            raise UsageError(f"writing {change.name!r}: it was changed since it was read; nothing was written")
        if change.before is not None:
            check_alone(change.place, change.name)


def check_alone(place: Path, name: str) -> None:
    """Raise UsageError for a file with more hard links: a new one takes its place at once, and the others stay."""
    try:
        links = place.stat().st_nlink
    except OSError as error:
        raise UsageError(f"writing {name!r}: {error.strerror}; nothing was written") from error
    if links > 1:
        raise UsageError(
            f"writing {name!r}: it has {links} hard links, of which one alone would be changed: put a copy in its "
            "place first; nothing was written"
        )


def write_files(changes: Sequence[FileChange]) -> None:
    """Put every text in its file's place, with the mode and owner that it has.

    All are written beside their places before the first takes its own. Raises UsageError, and then nothing is changed.
    """
    check_files(changes)
    times = read_times(changes)
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
        restore_files(done, times)
        if isinstance(error, OSError):
            raise UsageError(f"writing {name!r}: {error.strerror}; nothing was written") from error
        raise


def read_times(changes: Sequence[FileChange]) -> dict[Path, Times]:
    """When the files were read and changed last, of those that are there."""
    found = ((change.place, _read_times(change.place)) for change in changes if change.before is not None)
    return {place: times for place, times in found if times is not None}


def restore_files(changes: Sequence[FileChange], times: Mapping[Path, Times]) -> list[str]:
    """Put back what was there before, its times too, where nobody changed it since; the names of what is not so."""
    left: list[str] = []
    for change in changes:
        try:
            if not _is_text(change.place, change.after):
                left.append(change.name)
            elif change.before is None:
                change.place.unlink()
            else:
                _prepare(change.place, change.before, times.get(change.place)).replace(change.place)
        except OSError:
            left.append(change.name)
    return left


@contextmanager
def hold_files(changes: Sequence[FileChange], complain: Callable[[str], None]) -> Iterator[Callable[[], None]]:
    """Write the files for as long as the context is open; for good where what it gives is called."""
    times = read_times(changes)
    is_written = is_kept = False

    def keep() -> None:
        nonlocal is_kept
        is_kept = True

    try:
        with HeldSignals():
            write_files(changes)
            is_written = True
        yield keep
    finally:
        if is_written and not is_kept:
            with HeldSignals():
                for name in restore_files(changes, times):
                    complain(f"{name} could not be put back as it was")


def _is_text(place: Path, text: str | None) -> bool:
    """Whether a file holds that text; None is no file."""
    if text is None:
        return not os.path.lexists(place)
    return read_regular(place) == text.encode()


def _read_times(place: Path) -> Times | None:
    try:
        found = place.stat()
    except OSError:
        return None
    return found.st_atime_ns, found.st_mtime_ns


def _prepare(place: Path, text: str, times: Times | None = None) -> Path:
    """A file beside the place that is ready to take it, of now or of these times."""
    handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            _take_over(place, file.fileno())
            file.flush()
            os.fsync(file.fileno())
            if times is not None:
                os.utime(file.fileno(), ns=times)
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
