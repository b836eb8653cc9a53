"""Source: a place that an image can be opened from."""

from typing import Literal, Protocol, runtime_checkable

from layerscope.image.image import Image, ImageStream, KnownContent
from layerscope.image.platform import Platform
from layerscope.progress import Progress

InPlace = Literal["auto", "never", "only"]
"""Whether an engine's storage is read: where that can be done, not at all, or else nothing is read."""


class Source(Protocol):
    """Names one image in one place; nothing is read before `open_image`.

    An implementer owes an image whose documents are verified against the digests that name them, and layers whose
    bytes are as stored and unverified: the layer pass proves them.
    """

    @property
    def describe(self) -> str:
        """What is opened, as the user would write it: `oci-dir:./image:1.0`."""

    def open_image(self, *, platform: Platform | None, known: KnownContent, progress: Progress) -> Image | ImageStream:
        """Open the image for `platform` (None: this host's, on Linux), or a stream where it can only be read once.

        Raises SourceError where it cannot be had and ImageError where it is malformed.
        """


@runtime_checkable
class SpoolableStream(Protocol):
    """An ImageStream that can be written to a file instead of being consumed."""

    def spool(self, directory: str | None = None) -> Image:
        """Write everything to a temporary file without a name, and open the image there."""
