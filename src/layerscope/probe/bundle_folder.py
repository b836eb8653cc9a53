"""A bundle: an image unpacked into a folder of its own, which is gone in the end, also after a run that was killed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from layerscope.errors import ProbeError
from layerscope.filesystem.extraction import extract
from layerscope.filesystem.extraction_plan import ExtractionPlan, Links, plan_extraction
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.content import ReadContents
from layerscope.probe.bundle_processes import end_processes
from layerscope.probe.owner import is_alive, name_owner
from layerscope.progress import Progress

PREFIX: Final = "layerscope-bundle"
ROOT: Final = "rootfs"
STATE: Final = "state"
"""Where an OCI runtime keeps what it knows of the container."""
RUNTIME_NOTE: Final = "runtime"
"""The file that names the OCI runtime."""
DELETE_SECONDS: Final = 20.0

BLOCK: Final = 4096
"""Bytes that every file and folder takes at least."""

RESERVE: Final = 256 << 20
"""Bytes that stay free on the disk: a host whose disk is full has other troubles than a probe's."""

_MOUNT_POINTS: Final = ("dev", "proc", "sys", "tmp")
_UMASK: Final = 0o022
"""The container's user is another than the one who writes."""


def find_place() -> Path:
    """Where bundles are made: TMPDIR, or the folder for temporary files that are large."""
    chosen = os.environ.get("TMPDIR")
    return Path(chosen) if chosen else Path("/var/tmp")  # noqa: S108 -- a folder with a random name is made in it


def measure(plan: ExtractionPlan) -> int:
    """Bytes that the bundle takes on a disk."""
    whole = sum(-(-file.size // BLOCK) * BLOCK for file in plan.files)
    return whole + BLOCK * (len(plan.directories) + len(plan.links))


def check_room(plan: ExtractionPlan, place: Path) -> int:
    """The bytes that will be written; raises ProbeError where the disk has no room for them."""
    wanted = measure(plan)
    files = len(plan.files) + len(plan.directories) + len(plan.links)
    try:
        room = os.statvfs(place)
    except OSError as error:
        raise ProbeError(f"unpacking the image to {place}: {error.strerror} (TMPDIR names another folder)") from error
    free = room.f_bavail * room.f_frsize
    if free < wanted + RESERVE:
        raise ProbeError(
            f"unpacking the image to {place}: it takes {wanted >> 20:,} MiB and {RESERVE >> 20} MiB must stay free, "
            f"but only {free >> 20:,} MiB are (TMPDIR names another folder)"
        )
    if room.f_files and room.f_favail < files:
        raise ProbeError(
            f"unpacking the image to {place}: it has {files:,} files, and the disk has room for {room.f_favail:,} more "
            "(TMPDIR names another folder)"
        )
    return wanted


def plan_bundle(tree: MergedTree) -> ExtractionPlan:
    """All of the image, with its symlinks as they are: only a process whose root this is will follow them."""
    return plan_extraction(tree, "", links=Links.ROOTED)


@contextmanager
def open_bundle(plan: ExtractionPlan, read_contents: ReadContents, progress: Progress) -> Iterator[Path]:
    """A folder with the image in `rootfs`, closed to other users, and removed when the block is left."""
    place = find_place()
    remove_leftover_bundles(place)
    check_room(plan, place)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}@{name_owner()}@", dir=place))
    try:
        _write(plan, folder / ROOT, read_contents, progress)
        yield folder
    finally:
        remove_bundle(folder)


def _write(plan: ExtractionPlan, root: Path, read_contents: ReadContents, progress: Progress) -> None:
    mask = os.umask(_UMASK)
    try:
        extract(plan, root, read_contents, progress=progress)
        for name in _MOUNT_POINTS:
            point = root / name
            if point.is_symlink() or not point.is_dir():
                point.unlink(missing_ok=True)
                point.mkdir()
        (root / "tmp").chmod(0o1777)  # runc gives a file system in memory the mode of the folder below it
    finally:
        os.umask(mask)


def remove_bundle(folder: Path) -> None:
    """End what may still run in a bundle, and remove it, following no link of it."""
    end_container(folder)
    end_processes(folder)
    shutil.rmtree(folder)


def end_container(folder: Path) -> None:
    """End the container of a bundle that runc or crun runs, and let them forget it."""
    note = folder / RUNTIME_NOTE
    if not note.is_file():
        return
    runtime = note.read_text()
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(  # noqa: S603 -- the runtime that this program has chosen itself
            [runtime, "--root", str(folder / STATE), "delete", "--force", folder.name.rpartition("@")[2]],
            stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=DELETE_SECONDS,
        )  # fmt: skip


def list_bundles(place: Path) -> list[Path]:
    """The bundles in a folder."""
    return [path for path in sorted(place.glob(f"{PREFIX}@*@*")) if path.is_dir() and not path.is_symlink()]


def remove_leftover_bundles(place: Path) -> None:
    """Remove what killed probes left here; another user's is left to that one."""
    for folder in list_bundles(place):
        owner = folder.name.split("@")[1]
        with suppress(OSError):
            if folder.stat().st_uid == os.geteuid() and not is_alive(owner):
                remove_bundle(folder)
