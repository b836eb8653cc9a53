"""Destination: a place that one image is put into whole, or not at all."""

import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from layerscope.errors import UsageError
from layerscope.fixes.surgery.image_writer import NewImage

PREFIX: Final = ".layerscope-fix-"
"""How the names of workplaces begin."""


class Destination(ABC):
    """An implementer says whether the place is taken, and puts a finished OCI layout there."""

    @property
    @abstractmethod
    def where(self) -> str:
        """How a person would call it, as IMAGE of another command."""

    @property
    @abstractmethod
    def annotations(self) -> Mapping[str, str]:
        """What the layout's index says of the image's name."""

    @abstractmethod
    def check(self) -> None:
        """Raise UsageError where something is there already, or nothing can be put there; SourceError likewise."""

    @abstractmethod
    def publish(self, layout: Path, new: NewImage) -> None:
        """Put the image of a finished layout there, which may be moved; raises SourceError and OSError."""

    @property
    def _folder(self) -> Path | None:
        """Where the workplace lies, so that what is finished there is only renamed; None for the temporary folder."""
        return None

    @contextmanager
    def open_workplace(self) -> Iterator[Path]:
        """A folder for the work, which is gone afterwards, whatever happens; raises UsageError."""
        try:
            place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._folder))
        except OSError as error:
            raise UsageError(f"writing {self.where}: {error.strerror}: {error.filename}") from error
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)


def check_free(path: Path, where: str, *, replaces: bool) -> bool:
    """Whether something lies at a path that may be replaced; raises UsageError where it may not."""
    if not path.absolute().parent.is_dir():
        raise UsageError(f"writing {where}: there is no folder {str(path.absolute().parent)!r}")
    if not os.path.lexists(path):
        return False
    if not replaces:
        raise UsageError(f"writing {where}: something is there already; choose another place, or add --replace")
    return True


def check_outside_layouts(path: Path, where: str) -> None:
    """Raise UsageError for a place within an OCI layout, where nothing but its own files belongs."""
    for folder in path.absolute().parents:
        if (folder / "oci-layout").is_file():
            raise UsageError(f"writing {where}: expected a place of its own, found one in the layout {str(folder)!r}")


def apply_umask(path: Path, mode: int) -> None:
    """Give what was made for oneself the mode that others would expect of a new file or folder."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(mode & ~umask)
