"""Random access: an image that passes by once, spooled so that its layers can be opened at any time."""

from dataclasses import dataclass

from layerscope.image.image import Image, KnownContent
from layerscope.image.platform import Platform
from layerscope.progress import Progress
from layerscope.sources.source import Source, SpoolableStream


@dataclass(frozen=True, slots=True)
class RandomAccessSource:
    """Opens what another source opens, and writes a stream to a temporary file without a name."""

    inner: Source
    directory: str | None = None

    @property
    def describe(self) -> str:
        """What the other source opens."""
        return self.inner.describe

    def open_image(self, *, platform: Platform | None, known: KnownContent, progress: Progress) -> Image:
        """Open the image; every layer of it may be opened at any time."""
        opened = self.inner.open_image(platform=platform, known=known, progress=progress)
        if isinstance(opened, Image):
            return opened
        assert isinstance(opened, SpoolableStream), "every image that passes by is an archive, or rests on one"
        progress.note(f"spooling {self.describe} to a temporary file")
        try:
            return opened.spool(self.directory)
        finally:
            opened.close()
