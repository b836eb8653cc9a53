"""What a build leaves for a moment: its Dockerfile in a folder of its own, and a name in the engine."""

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from layerscope.engine.images import remove_image
from layerscope.errors import EngineError, UsageError
from layerscope.fixes.builds.request import BuildRequest
from layerscope.fixes.destinations.engine import EngineDestination
from layerscope.held_signals import HeldSignals

PREFIX: Final = "layerscope-fix-"
"""How the names of folder and image begin."""

LATE: Final = 2.0
"""Seconds in which an engine may end what nobody waits for any more."""

PAUSE: Final = 0.2

IGNORES: Final = (".containerignore", ".dockerignore")
"""Names of files that say what of the folder is not copied; behind a Dockerfile's own name, for it alone."""

IGNORED: Final = "ignored"
"""The name of a file that says the same, and leaves out the folder of the build's Dockerfile."""


@contextmanager
def open_dockerfile_place(request: BuildRequest) -> Iterator[Path]:
    """The request's Dockerfile outside of its context, under its own name, with the list of what it ignores.

    Raises UsageError where there is no such place.
    """
    trouble = "writing the Dockerfile for the build"
    try:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    except OSError as error:
        raise UsageError(f"{trouble}: {error.strerror}: {error.filename}") from error
    try:
        if folder.resolve().is_relative_to(request.context.resolve()):
            raise UsageError(f"{trouble}: the folder for temporary files lies in the context; TMPDIR names another one")
        try:
            path = _write(request, folder)
        except OSError as error:
            raise UsageError(f"{trouble}: {error.strerror}: {error.filename}") from error
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def hold_name(destination: EngineDestination, complain: Callable[[str], None]) -> Iterator[str]:
    """A name for an image that is not proved yet; whatever has it then loses it, and goes unless it has another.

    Where the engine does not remove it, that is told, and hides nothing else. What an interrupted client asked for, an
    engine may do all the same a moment later.
    """
    name = f"localhost/{PREFIX}{secrets.token_hex(8)}:latest"
    seconds = 0.0
    try:
        yield name
    except Exception:
        raise
    except BaseException:
        seconds = LATE
        raise
    finally:
        with HeldSignals():
            _remove(destination, name, complain, seconds)


def _remove(destination: EngineDestination, name: str, complain: Callable[[str], None], seconds: float) -> None:
    """Take the name away, and again for as long as something may still get it."""
    deadline = time.monotonic() + seconds
    try:
        with destination.connect() as engine:
            remove_image(engine, name)
            while time.monotonic() < deadline:
                time.sleep(PAUSE)
                remove_image(engine, name)
    except EngineError as error:
        complain(f"{name} may be left: {error}")


def _write(request: BuildRequest, folder: Path) -> Path:
    name = request.place.name
    for ignore in IGNORES if request.ignores is None else ():
        beside = request.place.with_name(name + ignore)
        if beside.is_file():
            shutil.copyfile(beside, folder / beside.name)
    if request.ignores is not None:  # BuildKit reads it before the context's
        (folder / f"{name}{IGNORES[-1]}").write_bytes(request.ignores.encode())
    path = folder / name
    path.write_bytes(request.text.encode())
    # podman's client sends the Dockerfile by its whole path among the context's files, where COPY . would take it
    (folder / IGNORED).write_bytes(_read_ignores(request) + b"\n" + os.fsencode(_find_foreign(request, folder)) + b"\n")
    return path


def _find_foreign(request: BuildRequest, folder: Path) -> Path:
    """The highest of the folders above the build's Dockerfile, and that one, that the context has none of that name."""
    whole = folder.resolve().relative_to("/")
    places = [*reversed(whole.parents[:-1]), whole]
    return next((place for place in places if not (request.context / place).exists()), whole)


def _read_ignores(request: BuildRequest) -> bytes:
    """What says which files of the context are not copied: the Dockerfile's own list, else the context's."""
    if request.ignores is not None:
        return request.ignores.encode()
    own = [request.place.with_name(request.place.name + ignore) for ignore in IGNORES]
    lists = [*own, *(request.context / ignore for ignore in IGNORES)]
    return next((path.read_bytes() for path in lists if path.is_file()), b"")
