"""A new image as an OCI layout of its own."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from layerscope.errors import UsageError
from layerscope.fixes.destinations.destination import Destination, apply_umask, check_free
from layerscope.fixes.surgery.documents import NAME
from layerscope.fixes.surgery.image_writer import NewImage
from layerscope.sources.oci_image import VERSION_NAME


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
        if check_free(self.path, self.where, replaces=self.replaces) and (
            self.path.is_symlink() or not (self.path / VERSION_NAME).is_file()
        ):
            raise UsageError(f"writing {self.where}: expected an OCI layout to replace, found something else")

    def publish(self, layout: Path, new: NewImage) -> None:
        """Give the layout its name; one that was there is moved away first, and goes."""
        del new
        apply_umask(layout, 0o777)
        if check_free(self.path, self.where, replaces=self.replaces):
            old = layout.with_name(".replaced")
            self.path.rename(old)
            try:
                layout.rename(self.path)
            except BaseException:
                old.rename(self.path)
                raise
            shutil.rmtree(old, ignore_errors=True)
        else:
            layout.rename(self.path)

    @property
    def _folder(self) -> Path:
        return self.path.absolute().parent
