"""A new image as one file, which OCI tools and engines read."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from layerscope.errors import UsageError
from layerscope.fixes.destinations.destination import Destination, apply_umask, check_free, check_outside_layouts
from layerscope.fixes.destinations.layout_archive import iter_archive
from layerscope.fixes.surgery.documents import NAME
from layerscope.fixes.surgery.image_writer import NewImage


@dataclass(frozen=True)
class ArchiveDestination(Destination):
    """An OCI archive, in which engines find the image too."""

    path: Path
    tag: str | None = None
    replaces: bool = False

    @property
    def where(self) -> str:
        """As IMAGE."""
        return f"oci-archive:{self.path}{f':{self.tag}' if self.tag else ''}"

    @property
    def annotations(self) -> Mapping[str, str]:
        """The tag, if there is one."""
        return {NAME: self.tag} if self.tag else {}

    def check(self) -> None:
        """Raise UsageError where something lies, unless it may go and is a file."""
        check_outside_layouts(self.path, self.where)
        if check_free(self.path, self.where, replaces=self.replaces) and (
            self.path.is_symlink() or not self.path.is_file()
        ):
            raise UsageError(f"writing {self.where}: expected a file to replace, found something else")

    def publish(self, layout: Path, new: NewImage) -> None:
        """Write the archive beside its place, then give it its name."""
        beside = layout.with_name("archive")
        with beside.open("xb") as file:
            for chunk in iter_archive(layout, new, []):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if check_free(self.path, self.where, replaces=self.replaces):
            beside.chmod(self.path.stat().st_mode & 0o777)
            beside.replace(self.path)
        else:
            apply_umask(beside, 0o666)
            os.link(beside, self.path)  # fails where somebody else put something there meanwhile

    @property
    def _folder(self) -> Path:
        return self.path.absolute().parent
