"""What lies at a path, told by its content: a layout, an archive, a pipe, or no image at all."""

import errno
import os
import stat
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from layerscope.errors import SourceError
from layerscope.sources.first_bytes import HEAD_SIZE, explain_first_bytes
from layerscope.sources.oci_image import INDEX_NAME, VERSION_NAME
from layerscope.sources.outer_compression import find_packing
from layerscope.sources.outer_header import has_valid_checksum
from layerscope.sources.saved_image import MANIFEST_NAME
from layerscope.sources.selector import Selector, parse_selector

ARCHIVE_SUFFIXES: Final = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2")
"""Names that mean an archive even where there is no such file, or where what is there is damaged."""


_NOTHING_THERE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG})


class PathKind(Enum):
    """What layerscope can do with a path."""

    LAYOUT = auto()
    ARCHIVE = auto()
    PIPE = auto()
    NO_IMAGE = auto()


@dataclass(frozen=True, slots=True)
class PathContent:
    """What lies at a path; `explanation` says it in words."""

    kind: PathKind
    explanation: str


@dataclass(frozen=True, slots=True)
class LocatedPath:
    """A path with something there, and which image in it is meant."""

    path: str
    selector: Selector | None
    kind: PathKind
    explanation: str


def locate_path(text: str) -> LocatedPath | None:
    """Return the longest path that `PATH`, `PATH:NAME` or `PATH@DIGEST` may mean, or None where nothing is there.

    A path may hold colons itself, so the rest of the text selects only where the whole is no path.
    """
    cuts = [len(text), *(place for place in range(len(text) - 1, 0, -1) if text[place] in ":@")]
    for cut in cuts:
        content = recognise_path(text[:cut])
        if content is not None:
            return LocatedPath(text[:cut], parse_selector(text[cut:]), content.kind, content.explanation)
    return None


def is_path_like(text: str) -> bool:
    """Tell whether `text` is meant as a path by its form, even where nothing is there."""
    return text.startswith(("/", "./", "../", "~")) or any(
        part.endswith((*ARCHIVE_SUFFIXES, "/")) for part in (text, *text.split(":"))
    )


def recognise_path(path: str) -> PathContent | None:
    """Return what lies at `path`, or None for nothing; raises SourceError where that cannot be told."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116  # paths are kept as the user spelled them
        if stat.S_ISDIR(mode):
            return _recognise_directory(path)
        if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
            return PathContent(PathKind.PIPE, "a pipe or device")
        if not stat.S_ISREG(mode):
            return PathContent(PathKind.NO_IMAGE, "a socket or disk")
        with open(path, "rb") as file:  # noqa: PTH123  # as above
            return _recognise_file(path, file.read(HEAD_SIZE))
    except OSError as error:
        if error.errno in _NOTHING_THERE:
            return None
        raise SourceError(f"opening {path}: {error.strerror}") from error


def _recognise_directory(path: str) -> PathContent:
    names = set(os.listdir(path))  # noqa: PTH208  # as above
    if names & {INDEX_NAME, VERSION_NAME}:
        return PathContent(PathKind.LAYOUT, "an OCI layout directory")
    explanation = f"a directory without {INDEX_NAME}"
    if {MANIFEST_NAME, "version"} <= names:
        explanation = "skopeo's dir: format (make a layout of it: skopeo copy dir:… oci:…)"
    elif MANIFEST_NAME in names:
        explanation = "an unpacked docker-archive (the archive itself can be read)"
    elif "Dockerfile" in names:
        explanation = "a directory with a Dockerfile, from which an image is yet to be built"
    return PathContent(PathKind.NO_IMAGE, explanation)


def _recognise_file(path: str, head: bytes) -> PathContent:
    if find_packing(head) is not None:
        return PathContent(PathKind.ARCHIVE, "an archive")
    explanation = explain_first_bytes(head)
    is_named_archive = path.endswith(ARCHIVE_SUFFIXES)
    if (is_named_archive and not head) or (explanation is None and (is_named_archive or _is_tar(head))):
        return PathContent(PathKind.ARCHIVE, "an archive")
    return PathContent(PathKind.NO_IMAGE, explanation or "neither an OCI layout nor a tar archive")


def _is_tar(head: bytes) -> bool:
    return not head.strip(b"\0") or head[257:262] == b"ustar" or has_valid_checksum(head)
