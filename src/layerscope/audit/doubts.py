"""Doubts: layers whose files are shown although they are not, or not all, what the image says they are."""

from collections.abc import Iterator

from msgspec import Struct

from layerscope.audit.read_image import ReadImage
from layerscope.image.layer import Layer
from layerscope.layers.scan import LayerScan, Proof


class Doubt(Struct, frozen=True):
    """Why a layer's files may be missing or wrong; `is_damage` is false where its bytes are merely not here."""

    layer: int
    reason: str
    is_damage: bool


def is_verified(layer: Layer, scan: LayerScan) -> bool:
    """Whether every digest and size that the image names for the layer is that of its bytes."""
    if scan.damage is not None or scan.diff_id != layer.diff_id:
        return False
    claim = layer.descriptor
    if claim is None:
        return True
    return scan.blob is not None and (scan.blob.digest, scan.blob.size) == (claim.digest, claim.size)


def iter_doubts(read: ReadImage) -> Iterator[Doubt]:
    """The layers that are not proved, lowest first."""
    for number, (layer, scan) in enumerate(zip(read.image.layers, read.scans, strict=True)):
        if layer.absent is not None:
            yield Doubt(number, f"files are missing here: {layer.absent}", is_damage=False)
        elif scan.damage is not None:
            yield Doubt(number, f"not read to the end: {scan.damage.detail}", is_damage=True)
        elif scan.proof is Proof.TABLE:
            yield Doubt(
                number, "told from the table of contents alone, which nothing was compared with", is_damage=False
            )
        elif _is_proved_by_diff_id(layer, scan):
            assert layer.descriptor is not None, "it names another digest"
            algorithm = layer.descriptor.digest.algorithm
            reason = (
                f"the manifest names a {algorithm} digest, of which only SHA-256 is recomputed; the DiffID is right"
            )
            yield Doubt(number, reason, is_damage=False)
        elif not is_verified(layer, scan):
            yield Doubt(number, "not what the image says: a digest of its bytes differs", is_damage=True)


def _is_proved_by_diff_id(layer: Layer, scan: LayerScan) -> bool:
    """Whether the blob's digest is by an algorithm that is not computed, and nothing else is in doubt."""
    claim = layer.descriptor
    if claim is None or scan.blob is None or claim.digest.algorithm == scan.blob.digest.algorithm:
        return False
    return scan.diff_id == layer.diff_id and scan.blob.size == claim.size
