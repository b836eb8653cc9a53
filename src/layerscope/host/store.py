"""The layer cache on this host: where it is, what it takes, and what room is left."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from layerscope.host.check import Area, Check, Sign

LITTLE_ROOM: Final = 2 * 10**9
"""Bytes below which an audit of a large image may fail to keep what it learns, or to spool an archive."""


def check_store(root: Path, size: int) -> Iterator[Check]:
    """The cache in `root`, which holds so many bytes."""
    folder = next(path for path in (root, *root.parents) if path.is_dir())
    room = shutil.disk_usage(folder).free
    told = f"{root} holds {size / 10**6:,.1f} MB, {room / 10**9:,.1f} GB of the disk are free"
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Check(
            Area.CACHE,
            "layer cache",
            Sign.BAD,
            f"{folder} may not be written: every audit reads every layer",
            cure="name another folder",
            commands=("export LAYERSCOPE_CACHE_DIR=DIR",),
        )
    elif room < LITTLE_ROOM:
        yield Check(
            Area.CACHE,
            "layer cache",
            Sign.DOUBT,
            told,
            cure="make room",
            commands=("layerscope cache prune --max-size 500MB",),
        )
    else:
        yield Check(Area.CACHE, "layer cache", Sign.GOOD, told)
