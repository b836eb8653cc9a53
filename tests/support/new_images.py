"""A finished image in a workplace, as a destination is given it."""

from pathlib import Path

from layerscope.audit.options import AuditOptions
from layerscope.audit.read_image import ReadImage, cache_fingerprint, read_image
from layerscope.fixes.destinations.destination import Destination
from layerscope.fixes.surgery.cuts import ImageCuts, LayerCuts
from layerscope.fixes.surgery.image_writer import ImageChange, NewImage, write_image
from layerscope.layers.cache import LayerCache
from layerscope.progress import SilentProgress
from layerscope.sources.layout import LayoutSource
from layerscope.sources.source import Source
from support.images import build_image, write_oci_layout
from support.tar_member import file

PATHS = ["a", "b"]


def publish(destination: Destination, folder: Path) -> NewImage:
    """Make an image of two layers in the destination's workplace, and put it where it is wanted."""
    source = folder / "source"
    if not source.exists():
        write_oci_layout(build_image([[file("a", b"1" * 5000)], [file("b", b"2")]]), source)
    found = read(LayoutSource(str(source)), folder)
    with destination.open_workplace() as place:
        layout = place / "layout"
        layout.mkdir()
        new = write_image(
            found.image,
            found.scans,
            ImageChange(ImageCuts((LayerCuts(), LayerCuts()))),
            layout,
            annotations=destination.annotations,
            provenance={"tool": "test"},
            base_layers=0,
            progress=SilentProgress(),
        )
        destination.publish(layout, new)
    return new


def read(source: Source, folder: Path) -> ReadImage:
    """An image and its layers as read."""
    options = AuditOptions(LayerCache(folder / "cache", fingerprint=cache_fingerprint()), jobs=1)
    return read_image(source, options=options, progress=SilentProgress())


def write_new_image(destination: Destination, folder: Path) -> NewImage:
    """A finished layout in `layout`, named for its destination."""
    write_oci_layout(build_image([[file("a", b"1")]]), folder / "source")
    found = read(LayoutSource(str(folder / "source")), folder)
    (folder / "layout").mkdir()
    return write_image(
        found.image,
        found.scans,
        ImageChange(ImageCuts((LayerCuts(),))),
        folder / "layout",
        annotations=destination.annotations,
        provenance={"tool": "test"},
        base_layers=0,
        progress=SilentProgress(),
    )
