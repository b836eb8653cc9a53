"""ImageRequest: which image of a layout or archive is wanted, and what to call it."""

from dataclasses import dataclass

from layerscope.image.platform import Platform
from layerscope.sources.selector import Selector


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """What the user asked for; no platform means this host's, on Linux."""

    reference: str
    """As the user would write it; it becomes the image's reference."""
    selector: Selector | None = None
    platform: Platform | None = None
