"""A new image in a registry, under a tag."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from layerscope.errors import ImageNotFoundError, UsageError
from layerscope.fixes.destinations.destination import Destination
from layerscope.fixes.surgery.documents import NAME
from layerscope.fixes.surgery.image_writer import NewImage
from layerscope.image.reference import DEFAULT_TAG, Reference, parse_tag
from layerscope.sources.layout import DirectoryContents
from layerscope.sources.registry.destination import open_destination
from layerscope.sources.registry.image_push import push_image
from layerscope.sources.registry.lookup import Access


@dataclass(frozen=True)
class RegistryDestination(Destination):
    """A tag of a repository; layers that the repository has are not sent."""

    reference: Reference
    access: Access
    replaces: bool = False

    @property
    def where(self) -> str:
        """As IMAGE."""
        return f"registry:{self.reference.familiar}"

    @property
    def annotations(self) -> Mapping[str, str]:
        """The tag."""
        return {NAME: self._tag}

    @property
    def _tag(self) -> str:
        return self.reference.tag or DEFAULT_TAG

    def check(self) -> None:
        """Raise UsageError where the tag names something; TransferError where the registry does not let us in."""
        publisher = open_destination(self.reference, self.access)
        if self.replaces:
            return
        try:
            publisher.read_manifest(parse_tag(self._tag))
        except ImageNotFoundError:
            return
        raise UsageError(f"writing {self.where}: the tag names an image; choose another tag, or add --replace")

    def publish(self, layout: Path, new: NewImage) -> None:
        """Push blobs, then the manifest under its tag."""
        publisher = open_destination(self.reference, self.access)
        push_image(publisher, DirectoryContents(str(layout)), new.manifest, self._tag, replace=self.replaces)
