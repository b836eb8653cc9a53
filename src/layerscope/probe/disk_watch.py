"""A watch over the disk that a run may write to: it has no quota, so the host looks at what is free, and ends the run.

What others write there meanwhile counts, too, since nobody can tell it apart from outside; so only a run is watched
that can write there.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from layerscope.engine.client import Engine
from layerscope.engine.storage import describe_storage
from layerscope.errors import EngineError

INTERVAL: Final = 1.0
"""Seconds between two looks: a fast disk takes some gigabytes in one, which is the most that goes beyond the limit."""

SHARE: Final = 50
"""A fiftieth of the disk, and of its files, is what others keep: many programs fail before a disk is full.

Where less than twice that is free when a run begins, it may use half of what there is.
"""

CONTAINERD: Final = Path("/var/lib/containerd")
"""Where containerd keeps what containers write, unless it is told otherwise: the engine says only that it is in use."""

OF_ENGINE: Final = "the disk of the engine"
OF_BUNDLE: Final = "the disk of the unpacked image"


class Room(Struct, frozen=True):
    """What is free on a disk."""

    free: int
    """Bytes, those included that are kept for root, as whom a run may write."""
    available: int
    """Bytes for everybody."""
    files: int
    """Files that can still be made; 0 on a file system that has no limit of them."""
    reserve: int
    """The bytes that are to stay available, and the files."""
    reserved_files: int


class DiskWatch:
    """Tells once more is gone from one of these disks than runs may take, from the first on that can write there."""

    def __init__(self, places: Sequence[Path], disk: str, limit: int) -> None:
        """Watch the disks of these folders, as far as they are of this host; `disk` is what they are called."""
        self._places, self._disk, self._limit = places, disk, limit
        self._before: list[tuple[Path, Room]] | None = None
        self._looked = 0.0
        self.breach = ""
        """What was taken, as a sentence; empty while that is not too much."""

    def begin(self) -> "DiskWatch":
        """Take what is free now for what there was before the runs, unless one was watched already."""
        if self._before is None:
            rooms = [(place, find_room(place)) for place in self._places]
            self._before = [(place, room) for place, room in rooms if room is not None]
            self._looked = time.monotonic()
        return self

    def is_passed(self) -> bool:
        """Whether the run is to be ended; the disk is looked at once in a while."""
        if not self.breach and time.monotonic() >= self._looked + INTERVAL:
            self.look()
        return bool(self.breach)

    def look(self) -> None:
        """Look at the disks now."""
        self._looked = time.monotonic()
        for place, before in self._before or ():
            room = find_room(place)
            told = _tell_breach(before, room, self._limit) if room is not None else ""
            if told:
                self.breach = f"it wrote {told} {self._disk} ({place}), and was ended"
                return


def find_room(place: Path) -> Room | None:
    """What is free there; a folder that this user may not look into is on the disk of the one above it."""
    for folder in (place, *place.parents):
        try:
            found = os.statvfs(folder)
        except PermissionError:
            continue
        except OSError:
            return None
        available = found.f_bavail * found.f_frsize
        return Room(
            free=found.f_bfree * found.f_frsize,
            available=available,
            files=found.f_favail if found.f_files else 0,
            reserve=min(found.f_blocks * found.f_frsize // SHARE, available // 2),
            reserved_files=min(found.f_files // SHARE, found.f_favail // 2) if found.f_files else 0,
        )
    return None


def _tell_breach(before: Room, now: Room, limit: int) -> str:
    if before.free - now.free > limit:
        return f"more than {limit / (1 << 30):.3g} GiB to"
    if now.available < before.reserve:
        return "until little was left on"
    if now.files < before.reserved_files:
        return "files until few more could be made on"
    return ""


def find_engine_places(engine: Engine) -> tuple[Path, ...]:
    """Folders of this host in which containers of that engine write; none where it is another host's."""
    if engine.endpoint.unix_socket is None:
        return ()
    try:
        storage = describe_storage(engine)
    except EngineError:
        return ()
    places = (storage.root, CONTAINERD) if storage.containerd else (storage.root,)
    return tuple(place for place in places if find_room(place) is not None)
