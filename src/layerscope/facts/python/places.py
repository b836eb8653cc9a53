"""Where Pythons lie in the merged tree: found in one pass over the directories of all layers."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from layerscope.facts.context import FactContext
from layerscope.facts.python.metadata_extractor import PythonMetadataExtractor

INTERPRETER_NAME: Final = re.compile(r"(python|pypy)(\d)\.(\d{1,2})(t?)")
"""An executable's name, or that of the directory of a standard library."""

_LIBRARY: Final = re.compile(r"(?:^|.*/)lib(?:64)?/(?:python|pypy)\d\.\d{1,2}t?")
_SITE: Final = re.compile(r"(?:.*/)?(?:site|dist)-packages")
_SITE_ENDING: Final = "-packages"
_LANDMARKS: Final = ("os.py", "os.pyc")
"""By which Python itself recognises its standard library (`Modules/getpath.py`)."""


class PythonPlaces(Struct, frozen=True):
    """Visible paths, sorted: executables by version (`bin/python3.11`), standard libraries, site directories."""

    executables: tuple[str, ...]
    libraries: tuple[str, ...]
    sites: tuple[str, ...]


def find_places(context: FactContext) -> PythonPlaces:
    """The places of one image."""
    executables: set[str] = set()
    libraries: set[str] = set()
    sites: set[str] = set()
    for scan in context.scans:
        paths = scan.index.paths
        for directory, start, stop in scan.index.iter_runs():
            if directory.endswith("bin"):
                executables.update(path for path in paths[start:stop] if _is_interpreter(path))
            elif _SITE_ENDING in directory:
                sites.add(directory[: directory.rindex(_SITE_ENDING) + len(_SITE_ENDING)])
            elif "/python" in directory[-12:] or "/pypy" in directory[-12:]:
                libraries.add(directory)
                sites.update(path for path in paths[start:stop] if path.endswith(_SITE_ENDING))
        sites.update(_list_distribution_folders(scan.extracts.get(PythonMetadataExtractor.name, {})))
    tree = context.tree
    return PythonPlaces(
        tuple(sorted(path for path in executables if path in tree and not _is_cached(context, path))),
        tuple(sorted(path for path in libraries if _LIBRARY.fullmatch(path) and _has_landmark(context, path))),
        tuple(
            sorted(path for path in sites if _SITE.fullmatch(path) and path in tree and not _is_cached(context, path))
        ),
    )


def _list_distribution_folders(paths: Iterable[str]) -> Iterator[str]:
    """The directories in which distributions describe themselves: a layer need not name them on their own."""
    for path in paths:
        folder = path.rpartition("/")[0]
        if folder.endswith(("-info", "-packages")):
            yield folder if folder.endswith("-packages") else folder.rpartition("/")[0]


def _is_cached(context: FactContext, path: str) -> bool:
    """Whether a path lies in conda's cache of unpacked packages, from where nothing runs."""
    root, slash, _ = path.partition("/pkgs/")
    return bool(slash) and f"{root}/conda-meta" in context.tree


def _is_interpreter(path: str) -> bool:
    """Whether a path ends in an interpreter's full name."""
    name = path[path.rfind("/") + 1 :]
    return name.startswith("py") and INTERPRETER_NAME.fullmatch(name) is not None


def _has_landmark(context: FactContext, library: str) -> bool:
    """Whether a standard library that may run lies in a directory."""
    return any(f"{library}/{name}" in context.tree for name in _LANDMARKS) and not _is_cached(context, library)
