"""An image by its bare name: the engines of this host, one after the other."""

from dataclasses import dataclass
from typing import Final

from layerscope.errors import EngineError, ImageNotFoundError
from layerscope.image.image import Image, ImageStream, KnownContent
from layerscope.image.platform import Platform
from layerscope.progress import Progress
from layerscope.sources.source import Source

NO_REGISTRY: Final = "reading from a registry is not available in this version"


@dataclass(frozen=True, slots=True)
class BareNameSource:
    """The first of several sources that has an image of that name; `attempts` are what failed before any of them."""

    name: str
    sources: tuple[tuple[str, Source], ...]
    attempts: tuple[str, ...] = ()

    @property
    def describe(self) -> str:
        """The name as written."""
        return self.name

    def open_image(self, *, platform: Platform | None, known: KnownContent, progress: Progress) -> Image | ImageStream:
        """Open the image where it is found first; raises ImageNotFoundError, which says what was tried."""
        attempts = list(self.attempts)
        for kind, source in self.sources:
            try:
                return source.open_image(platform=platform, known=known, progress=progress)
            except (ImageNotFoundError, EngineError) as error:
                attempts.append(f"{kind}: {error}")
        attempts.append(f"registry: {NO_REGISTRY}")
        raise ImageNotFoundError(f"opening {self.name}: no such image; tried {'; '.join(attempts)}")
