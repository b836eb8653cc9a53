"""A new image as an OCI layout of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerscope.errors import UsageError
from layerscope.fixes.destinations.destination import (
    Destination,
    apply_umask,
    check_free,
    check_outside_layouts,
)
from layerscope.fixes.destinations.exchange import exchange
from layerscope.fixes.surgery.documents import NAME
from layerscope.fixes.surgery.image_writer import NewImage
from layerscope.image.manifest import ImageIndex, parse_document
from layerscope.sources.contents import read_document
from layerscope.sources.layout import DirectoryContents
from layerscope.sources.oci_image import INDEX_NAME, VERSION_NAME

_OWN: Final = frozenset({VERSION_NAME, INDEX_NAME, "blobs"})
"""What a layout has of its own."""


@dataclass(frozen=True)
class LayoutDestination(Destination):
    """A folder that holds the image and nothing else."""

    path: Path
    tag: str | None = None
    replaces: bool = False

    @property
    def where(self) -> str:
        """As IMAGE."""
        return f"oci-dir:{self.path}{f':{self.tag}' if self.tag else ''}"

    @property
    def annotations(self) -> Mapping[str, str]:
        """The tag, if there is one."""
        return {NAME: self.tag} if self.tag else {}

    def check(self) -> None:
        """Raise UsageError where something lies, unless it may go and is a layout."""
        check_outside_layouts(self.path, self.where)
        if check_free(self.path, self.where, replaces=self.replaces):
            self._check_replaced()

    def publish(self, layout: Path, new: NewImage) -> None:
        """Give the layout its name; one that was there takes its place in the workplace, and goes with that."""
        del new
        if check_free(self.path, self.where, replaces=self.replaces):
            self._check_replaced()
            layout.chmod(self.path.stat().st_mode & 0o777)
            exchange(layout, self.path)
        else:
            apply_umask(layout, 0o777)
            layout.rename(self.path)

    def _check_replaced(self) -> None:
        """Raise UsageError where what lies there is no layout of this one image alone: the rest would be lost."""
        task = f"writing {self.where}"
        if self.path.is_symlink():
            raise UsageError(f"{task}: expected a folder to replace, found a link; name what it leads to")
        if not (self.path / VERSION_NAME).is_file():
            raise UsageError(f"{task}: expected an OCI layout to replace, found something else")
        others = sorted({each.name for each in self.path.iterdir()} - _OWN)
        if others:
            raise UsageError(f"{task}: expected an OCI layout alone to replace, found {others[0]!r} in it as well")
        content = read_document(DirectoryContents(str(self.path)), INDEX_NAME)
        index = parse_document(content, where=f"{self.path}: {INDEX_NAME}")
        listed = index.manifests if isinstance(index, ImageIndex) else ()
        if len(listed) > 1 or any(each.media_type.is_index for each in listed):
            raise UsageError(f"{task}: expected a layout of one image to replace, found several; choose another place")

    @property
    def _folder(self) -> Path:
        return self.path.absolute().parent
