"""An engine's export as an ImageStream: what it brings is kept, so that the next audit need not ask for it."""

from collections.abc import Callable
from dataclasses import replace

from layerscope.errors import DigestMismatchError
from layerscope.image.image import Image, KnownContent
from layerscope.image.layer import Layer
from layerscope.sources.archive_image import ArchiveContents
from layerscope.sources.archive_stream import ArchiveStream
from layerscope.sources.blobs import StoredLayer
from layerscope.sources.engine_export import ExportedImage, ExportedLayer
from layerscope.sources.known_image import keep_documents
from layerscope.sources.passing_archive import PassedBytes
from layerscope.sources.request import ImageRequest

_KINDS = (ExportedLayer, StoredLayer)


def open_exported_stream(
    exported: ExportedImage,
    request: ImageRequest,
    known: KnownContent,
    *,
    source: str,
    notes: tuple[str, ...],
) -> ArchiveStream:
    """Return the image's export, which the engine is asked for when the first byte is read."""
    finish = _make_finish(exported, known, source, notes)
    return ArchiveStream(exported.open_export(), request, exported.form, where=exported.where, finish=finish)


def _make_finish(
    exported: ExportedImage, known: KnownContent, source: str, notes: tuple[str, ...]
) -> Callable[[ArchiveContents, Image], Image]:
    def finish(contents: ArchiveContents, image: Image) -> Image:
        _check_identity(exported, image)
        keep_documents(contents, image, exported.image_id, known)
        layers = tuple(_make_openable(layer, index, exported) for index, layer in enumerate(image.layers))
        found = replace(image, source=source, layers=layers, notes=notes + image.notes)
        return _strip_manifest(found) if exported.image_id == image.config_digest else found

    return finish


def _check_identity(exported: ExportedImage, image: Image) -> None:
    """Raise DigestMismatchError where the export holds another image than was asked for by ID."""
    found = (image.config_digest, image.manifest_digest, image.index_digest)
    if exported.image_id not in found:
        digests = ", ".join(str(digest) for digest in found if digest is not None)
        raise DigestMismatchError(f"reading {exported.where}: it holds {digests}, expected {exported.image_id}")


def _strip_manifest(image: Image) -> Image:
    """Return the image of an engine that keeps no manifest without the one that it makes up for each export."""
    layers = (replace(layer, descriptor=None) if isinstance(layer, _KINDS) else layer for layer in image.layers)
    return replace(image, layers=tuple(layers), manifest=None, manifest_digest=None, index_digest=None)


def _make_openable(layer: Layer, index: int, exported: ExportedImage) -> Layer:
    """Return a layer that can be opened again, from a new export, where the first one has passed by."""
    if not isinstance(layer, StoredLayer) or not isinstance(layer.stored, PassedBytes):
        return layer
    return ExportedLayer(
        layer.name,
        layer.diff_id,
        index,
        exported,
        is_named=True,
        descriptor=layer.descriptor,
        stored_size=layer.stored_size,
    )
