"""ReadImage: an image with all of its layers read, before anything is judged."""

from contextlib import closing
from dataclasses import dataclass
from functools import cached_property

from layerscope.audit.options import AuditOptions
from layerscope.facts.extractors import EXTRACTORS
from layerscope.filesystem.merge import merge_layers
from layerscope.filesystem.tree import MergedTree
from layerscope.image.history import BuildStep, pair_history
from layerscope.image.image import Image
from layerscope.layers.cache import fingerprint
from layerscope.layers.reading import Reading
from layerscope.layers.scan import LayerScan
from layerscope.layers.schedule import scan_layers, scan_stream
from layerscope.progress import Progress
from layerscope.sources.source import Source


@dataclass(frozen=True)
class ReadImage:
    """The image, its layers as read (bottom first), and every build step."""

    image: Image
    scans: tuple[LayerScan, ...]
    steps: tuple[BuildStep, ...]

    @cached_property
    def tree(self) -> MergedTree:
        """What a container would see."""
        return merge_layers([scan.index for scan in self.scans])


def cache_fingerprint() -> str:
    """The part of a layer's cache key that names what is extracted from it."""
    return fingerprint(EXTRACTORS)


def read_documents(source: Source, *, options: AuditOptions, progress: Progress) -> Image:
    """The image without its layers; of a stream, everything passes by. Raises SourceError and ImageError."""
    opened = source.open_image(platform=options.platform, known=options.cache, progress=progress)
    if isinstance(opened, Image):
        return opened
    with closing(opened):
        return opened.consume(lambda _name, _stream: None)


def read_image(source: Source, *, options: AuditOptions, progress: Progress) -> ReadImage:
    """Open the image and read every layer that is not known yet; raises SourceError and ImageError."""
    reading = Reading(EXTRACTORS, options.limits, progress)
    opened = source.open_image(platform=options.platform, known=options.cache, progress=progress)
    if isinstance(opened, Image):
        image, scans = (
            opened,
            scan_layers(opened.layers, reading, cache=options.cache, jobs=options.jobs, by_table=options.by_table),
        )
    else:
        try:
            image, scans = scan_stream(opened, reading, cache=options.cache, jobs=options.jobs)
        finally:
            opened.close()
    return ReadImage(image, tuple(scans), pair_history(image.config, len(image.layers)))
