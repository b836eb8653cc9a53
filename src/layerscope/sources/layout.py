"""An OCI image layout: a directory with `oci-layout`, `index.json` and blobs by digest.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from dataclasses import dataclass

from layerscope.image.image import Image, KnownContent
from layerscope.image.platform import Platform
from layerscope.progress import Progress
from layerscope.sources.contents import NamedContents, StoredBytes
from layerscope.sources.file_range import FileSlice
from layerscope.sources.oci_image import open_layout_image
from layerscope.sources.request import ImageRequest
from layerscope.sources.selector import Selector
from layerscope.sources.stored_file import HostFile


@dataclass(frozen=True, slots=True)
class DirectoryContents(NamedContents):
    """A directory of blobs; links in it are refused, for they may lead anywhere on this host."""

    path: str
    damage: str | None = None

    @property
    def where(self) -> str:
        """Its path."""
        return self.path

    def find(self, name: str) -> StoredBytes | None:
        """Return the regular file of that name, or None; raises ImageError where it is a link or no file."""
        parts = tuple(name.split("/"))
        assert ".." not in parts, "names are made from parsed digests"
        file = HostFile.find(self.path, *parts)
        return None if file is None else FileSlice(name, file, 0, file.size, file.size)


@dataclass(frozen=True, slots=True)
class LayoutSource:
    """An image in an OCI layout directory."""

    path: str
    selector: Selector | None = None

    @property
    def describe(self) -> str:
        """How the user would write it."""
        return f"oci-dir:{self.path}{self.selector or ''}"

    def open_image(self, *, platform: Platform | None, known: KnownContent, progress: Progress) -> Image:  # noqa: ARG002  # nothing here is fetched
        """Open the image; every document is read from the directory and verified."""
        progress.note(f"reading {self.describe}")
        request = ImageRequest(self.describe, self.selector, platform)
        return open_layout_image(DirectoryContents(self.path), request, source="oci-dir")
