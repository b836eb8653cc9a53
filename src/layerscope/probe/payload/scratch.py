"""A folder for the files of one probe, made and removed without the standard library's `tempfile` and `shutil`.

These load the libraries of compressors, for which the packages that are probed shall look themselves.
"""

import os
from typing import List

PLACES = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 -- the folder has a name that nobody knows, and one owner


def list_places(word: str) -> List[str]:
    """Where the folder of that word may be, the likeliest first."""
    return [os.path.join(place, "layerscope-" + word) for place in (os.environ.get("TMPDIR"), *PLACES) if place]


def make_scratch(word: str) -> str:
    """The path of a folder of our own, made where one can be; whoever writes there is told why none could."""
    paths = list_places(word)
    for path in paths:
        try:
            os.mkdir(path, 0o700)
        except OSError:
            continue
        return path
    return paths[0]


def remove_folder(folder: str) -> None:
    """Remove it with all that it holds, as far as that can be done; links are not followed."""
    for place, folders, files in os.walk(folder, topdown=False):
        for name in files + folders:
            _remove(os.path.join(place, name))
    _remove(folder)


def _remove(path: str) -> None:
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.unlink(path)
    except OSError:  # another has done so, or does not allow it
        pass
