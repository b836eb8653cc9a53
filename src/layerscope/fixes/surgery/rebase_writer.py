"""An image on another base, written as an OCI layout: layers of both, bit for bit where OCI has a type for them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from layerscope.fixes.surgery.documents import render_manifest
from layerscope.fixes.surgery.image_writer import BLOBS, NewImage, show_layer, write_documents
from layerscope.fixes.surgery.layer_writer import WrittenLayer, keep_layer
from layerscope.image.image import Image
from layerscope.image.layer import Layer
from layerscope.layers.scan import LayerScan
from layerscope.progress import Progress


def write_rebased(
    image: Image,
    layers: Sequence[tuple[Layer, LayerScan]],
    config: bytes,
    folder: Path,
    *,
    annotations: Mapping[str, str],
    provenance: Mapping[str, object],
    base: Mapping[str, str],
    progress: Progress,
) -> NewImage:
    """Write the image with these layers into an empty folder; raises SourceError, ImageError and OSError.

    `base` are annotations about the new base image.
    """
    blobs = folder / BLOBS
    blobs.mkdir(parents=True)
    written = tuple(_iter_kept(layers, blobs, progress))
    manifest, described = write_documents(
        folder,
        config,
        lambda config: render_manifest(
            image, config, [layer.descriptor for layer in written], provenance, base_holds=False, base=base
        ),
        annotations=annotations,
    )
    return NewImage(manifest, described, written)


def _iter_kept(layers: Iterable[tuple[Layer, LayerScan]], blobs: Path, progress: Progress) -> Iterable[WrittenLayer]:
    for number, (layer, scan) in enumerate(layers):
        with show_layer(progress, f"write {number}", f"layer {number}", layer.stored_size) as advance:
            yield keep_layer(layer, scan, blobs, advance)
