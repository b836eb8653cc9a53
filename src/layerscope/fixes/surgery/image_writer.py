"""A new image, written as an OCI layout into a folder of its own: layers first, then what names them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Final

from layerscope.fixes.surgery.arenas import share_arenas
from layerscope.fixes.surgery.config_changes import ConfigChange
from layerscope.fixes.surgery.cuts import ImageCuts, LayerCuts, LayerMerge, NewFile
from layerscope.fixes.surgery.documents import NewStep, render_config, render_index, render_manifest
from layerscope.fixes.surgery.late_times import has_late_entries, is_packed_late
from layerscope.fixes.surgery.layer_writer import Advance, WrittenLayer, keep_layer, rewrite_layer, write_layer
from layerscope.fixes.surgery.merged_layer import Part, merge_layers
from layerscope.fixes.surgery.new_members import iter_members
from layerscope.fixes.surgery.tar_editor import TRAILER
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.image import Image
from layerscope.image.layer import Layer
from layerscope.image.mediatype import OCI_CONFIG, OCI_MANIFEST, MediaType
from layerscope.layers.scan import Compression, LayerScan
from layerscope.progress import Progress
from layerscope.sources.oci_image import INDEX_NAME, VERSION_NAME

SHOWN_FILES: Final = 10
"""New files that the history names."""

BLOBS: Final = "blobs/sha256"
"""Where a layout keeps its blobs."""

_VERSION: Final = b'{"imageLayoutVersion":"1.0.0"}'


@dataclass(frozen=True)
class ImageChange:
    """What is to become of an image: the cuts of its layers, how they are packed, and what changes in its config.

    `compression` is that of all layers of the new image; None keeps each as it is. `variables` get a value, or go;
    `changes` are made after them; with `hides_credentials`, those of history and labels go.
    """

    cuts: ImageCuts
    compression: Compression | None = None
    variables: Mapping[str, str | None] = field(default_factory=dict)
    changes: tuple[ConfigChange, ...] = ()
    hides_credentials: bool = False


@dataclass(frozen=True)
class NewImage:
    """A new image: its manifest, config and layers; None stands for a layer that is left out, since it had nothing.

    `top` is a layer above those that the old image had.
    """

    manifest: Descriptor
    config: Descriptor
    layers: tuple[WrittenLayer | None, ...]
    top: WrittenLayer | None = None

    @property
    def written(self) -> tuple[WrittenLayer, ...]:
        """The layers that it has, lowest first."""
        return tuple(layer for layer in (*self.layers, self.top) if layer is not None)

    @property
    def size(self) -> int:
        """Bytes of all blobs of its layers."""
        return sum(layer.descriptor.size for layer in self.written)


def write_image(
    image: Image,
    scans: Sequence[LayerScan],
    change: ImageChange,
    folder: Path,
    *,
    annotations: Mapping[str, str],
    provenance: Mapping[str, object],
    base_layers: int,
    progress: Progress,
) -> NewImage:
    """Write the image into an empty folder as an OCI layout; raises SourceError, ImageError and OSError.

    Of its layers, the lowest `base_layers` are known to be those of its base image.
    """
    share_arenas()
    blobs = folder / BLOBS
    blobs.mkdir(parents=True)
    layers = tuple(_iter_layers(image, scans, change, blobs, progress=progress))
    step = _write_top(scans, change, blobs, progress=progress) if change.cuts.top else None
    merged = change.cuts.merge.merged if change.cuts.merge is not None else None
    content = render_config(
        image,
        layers,
        change.variables,
        changes=change.changes,
        hides_credentials=change.hides_credentials,
        latest=change.cuts.latest,
        top=step,
        merged=merged,
    )
    base_holds = base_layers > 0 and all(map(_is_same, image.layers[:base_layers], layers))
    top = None if step is None else step.layer
    written = [layer for layer in (*layers, top) if layer is not None]
    manifest, config = write_documents(
        folder,
        content,
        lambda config: render_manifest(
            image,
            config,
            [layer.descriptor for layer in written],
            provenance,
            base_holds=base_holds,
            latest=change.cuts.latest,
        ),
        annotations=annotations,
    )
    return NewImage(manifest, config, layers, top)


def write_documents(
    folder: Path, config: bytes, render: Callable[[Descriptor], bytes], *, annotations: Mapping[str, str]
) -> tuple[Descriptor, Descriptor]:
    """Write the config, the manifest that `render` makes of its descriptor, and the index that names that."""
    blobs = folder / BLOBS
    described = _write_document(config, OCI_CONFIG, blobs)
    manifest = _write_document(render(described), OCI_MANIFEST, blobs)
    (folder / VERSION_NAME).write_bytes(_VERSION)
    (folder / INDEX_NAME).write_bytes(render_index(manifest, annotations))
    return manifest, described


def _write_top(scans: Sequence[LayerScan], change: ImageChange, blobs: Path, *, progress: Progress) -> NewStep:
    """The new layer, packed as the highest one is."""
    progress.note("writing a new layer")
    packed = [scan.blob.compression for scan in scans if scan.blob is not None]
    compression = change.compression or (packed[-1] if packed else Compression.NONE).rewritten
    pieces = chain(iter_members(change.cuts.top, change.cuts.latest), (TRAILER,))
    files = [path for path, new in change.cuts.top.items() if isinstance(new, NewFile)]
    return NewStep(tell_files(files), write_layer(pieces, blobs, compression, name="above all others"))


def tell_files(paths: Sequence[str]) -> str:
    """What put files there, as an instruction."""
    more = f" and {len(paths) - SHOWN_FILES:,} more" if len(paths) > SHOWN_FILES else ""
    return f"layerscope fix: put {', '.join(f'/{path}' for path in paths[:SHOWN_FILES])}{more}"


def _iter_layers(
    image: Image, scans: Sequence[LayerScan], change: ImageChange, blobs: Path, *, progress: Progress
) -> Iterator[WrittenLayer | None]:
    """Each of the layers; of those that are merged, the last one is what they became."""
    merge = change.cuts.merge
    for number in range(len(image.layers)):
        if merge is None or number not in merge.merged.layers:
            yield _write_layer(image, scans, number, change, blobs, progress=progress)
        elif number == merge.merged.last:
            yield _merge(image, scans, merge, change, blobs, progress=progress)
        else:
            yield None


def _merge(
    image: Image, scans: Sequence[LayerScan], merge: LayerMerge, change: ImageChange, blobs: Path, *, progress: Progress
) -> WrittenLayer:
    """The layer that others become, packed as the last of them is."""
    numbers, latest = merge.merged.layers, change.cuts.latest
    cuts = [replace(change.cuts.layers[number], latest=latest) for number in numbers]
    parts = [Part(image.layers[number], scans[number], cut) for number, cut in zip(numbers, cuts, strict=True)]
    blob = scans[merge.merged.last].blob
    compression = change.compression or (blob.compression if blob is not None else Compression.NONE).rewritten
    size = sum(part.layer.stored_size or 0 for part in parts)
    with show_layer(progress, "merge", f"layers {merge.merged}", size) as advance:
        return merge_layers(parts, merge, blobs, compression=compression, latest=latest, advance=advance)


def _write_layer(
    image: Image, scans: Sequence[LayerScan], number: int, change: ImageChange, blobs: Path, *, progress: Progress
) -> WrittenLayer | None:
    layer, scan, cuts = image.layers[number], scans[number], change.cuts.layers[number]
    if is_emptied(scan, cuts):
        return None
    stored = scan.blob.compression if scan.blob is not None else Compression.NONE
    compression = change.compression or stored.rewritten
    latest, is_late = change.cuts.latest, False
    if latest is not None and layer.absent is None:
        with show_layer(progress, f"read {number}", f"times of layer {number}", layer.stored_size) as advance:
            is_edited = bool(cuts) or has_late_entries(layer, scan, latest, advance)
        cuts = replace(cuts, latest=latest) if is_edited else cuts
        is_late = is_packed_late(layer, latest)
    with show_layer(progress, f"write {number}", f"layer {number}", layer.stored_size) as advance:
        if layer.absent is not None or (not cuts and compression is stored and not is_late):
            return keep_layer(layer, scan, blobs, advance)
        return rewrite_layer(layer, scan, blobs, compression=compression, cuts=cuts, advance=advance)


@contextmanager
def show_layer(progress: Progress, key: str, label: str, size: int | None) -> Iterator[Advance]:
    """How far the reading of layers of that stored size is, for whoever watches."""
    progress.start(key, label, size)
    try:
        yield lambda amount: progress.advance(key, amount)
    finally:
        progress.finish(key)


def _is_same(layer: Layer, written: WrittenLayer | None) -> bool:
    """Whether a layer is what it was, however it is packed."""
    return written is not None and written.diff_id == layer.diff_id


def is_emptied(scan: LayerScan, cuts: LayerCuts) -> bool:
    """Whether nothing is left of a layer that had something."""
    return bool(cuts.dropped) and len(cuts.dropped) == len(scan.index) and not cuts.named


def _write_document(content: bytes, media_type: MediaType, blobs: Path) -> Descriptor:
    digest = Digest.of(content)
    (blobs / digest.hex).write_bytes(content)
    return Descriptor(media_type, digest, len(content))
