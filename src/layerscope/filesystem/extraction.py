"""Extraction: parts of a tree written to the host's disk, safely whatever the image holds.

Nothing is written outside the target, no device or pipe is made, set-uid, set-gid and sticky bits are dropped, owner
and extended attributes are not carried over, and the umask applies. Hard links become files of their own.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from layerscope.errors import TreeError
from layerscope.filesystem.destination import Destination
from layerscope.filesystem.extraction_plan import ExtractionPlan, Parts, PlannedFile, Skipped, encode_name
from layerscope.layers.content import ReadContents
from layerscope.progress import Progress, SilentProgress

PROGRESS_KEY: Final = "extract"


class Extraction(Struct, frozen=True):
    """What was written, and where; `size` counts bytes of files."""

    target: Path
    directories: int
    files: int
    links: int
    size: int
    skipped: tuple[Skipped, ...]


def extract(
    plan: ExtractionPlan,
    target: Path,
    read_contents: ReadContents,
    *,
    overwrite: bool = False,
    into_folder: bool = False,
    progress: Progress | None = None,
) -> Extraction:
    """Write a plan to `target` as `docker cp` does: into it if it is a directory, else as that name.

    With `into_folder` a single file goes into a directory of that name, which is made.
    Existing files are refused before anything is written, or replaced with `overwrite`; existing directories are added
    to. Raises TreeError, DigestMismatchError, and what `read_contents` raises; no file is left half written.
    """
    progress = progress or SilentProgress()
    root, prefix = _place(plan, target, into_folder=into_folder)
    placed = plan.below(prefix)
    progress.start(PROGRESS_KEY, f"/{plan.path}", plan.size)
    with Destination(root, overwrite=overwrite) as destination:
        if not overwrite:
            _refuse_existing(placed, destination, root)
        for directory in placed.directories:
            destination.make_directory(directory)
        for layer in sorted({file.layer for file in placed.files}):
            _write_layer(layer, placed.files, destination, read_contents, progress)
        for link in placed.links:
            destination.write_link(link)
    progress.finish(PROGRESS_KEY)
    return Extraction(
        target=_join(root, prefix),
        directories=len(plan.directories),
        files=len(plan.files),
        links=len(plan.links),
        size=plan.size,
        skipped=plan.skipped,
    )


def _place(plan: ExtractionPlan, target: Path, *, into_folder: bool) -> tuple[Path, Parts]:
    """The directory to be opened, and the parts below it that the plan's own path gets."""
    if target.is_dir():
        return target, _own_name(plan)
    if not target.parent.is_dir():
        above = os.fspath(target.parent)
        raise TreeError(
            f"extracting /{plan.path} to {os.fspath(target)!r}: there is no folder {above!r}; make it first"
        )
    if not plan.is_directory and not into_folder:
        return target.parent, (os.fsencode(target.name),)
    parts = () if plan.is_directory else _own_name(plan)
    try:
        target.mkdir(mode=plan.directories[0].mode if plan.is_directory else 0o777)
    except OSError as error:
        raise TreeError(f"extracting /{plan.path}: making {os.fspath(target)!r}: {error.strerror}") from error
    return target, parts


def _own_name(plan: ExtractionPlan) -> Parts:
    """The name that a path keeps in a directory; the root has none."""
    if not plan.path:
        return ()
    name = encode_name(plan.path.rpartition("/")[2])
    if name is None:
        raise TreeError(f"extracting /{plan.path}: its name cannot be written; name the target in full")
    return (name,)


def _refuse_existing(plan: ExtractionPlan, destination: Destination, root: Path) -> None:
    """Raise TreeError where a file or link of the plan is there already."""
    for parts in [*(file.parts for file in plan.files), *(link.parts for link in plan.links)]:
        if destination.exists(parts):
            there = os.fspath(_join(root, parts))
            raise TreeError(f"extracting /{plan.path}: {there!r} is there already (--overwrite replaces it)")


def _write_layer(
    layer: int,
    files: Iterable[PlannedFile],
    destination: Destination,
    read_contents: ReadContents,
    progress: Progress,
) -> None:
    """Write the files whose content lies in one layer, in one pass over it."""
    wanted: dict[int, list[PlannedFile]] = {}
    for file in files:
        if file.layer == layer:
            wanted.setdefault(file.position, []).append(file)
    for position, content in read_contents(layer, sorted(wanted)):
        first, *others = wanted.pop(position)
        destination.write_file(first, _told(content, progress))
        for other in others:
            destination.copy_file(other, first)
            progress.advance(PROGRESS_KEY, other.size)
    for missing in wanted.values():
        raise TreeError(f"extracting /{missing[0].path}: layer {layer} did not give its content")


def _told(content: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    """The content, with progress told."""
    for chunk in content:
        yield chunk
        progress.advance(PROGRESS_KEY, len(chunk))


def _join(root: Path, parts: Parts) -> Path:
    """A path below the root, as the host names it."""
    return root.joinpath(*map(os.fsdecode, parts))
