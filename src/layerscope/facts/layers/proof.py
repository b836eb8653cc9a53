"""Each layer's claims beside what its bytes proved."""

from collections.abc import Iterator

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.image.digest import Digest
from layerscope.image.layer import Layer
from layerscope.layers.scan import LayerScan, Proof


class LayerDamage(Struct, frozen=True):
    """Why and where reading a layer stopped; `offset` counts uncompressed bytes, `entries` those read before."""

    kind: str
    detail: str
    offset: int
    entries: int


class LayerProof(Fact, frozen=True):
    """One layer: what the image's documents claim, and what its bytes are.

    Found values are None where nothing was read that could prove them. `media_type` and `claimed_compression` are None
    where the source keeps no manifest; `trailing` counts bytes of the blob after its last gzip member, zstd frame, xz
    or bzip2 stream.
    """

    layer: int
    name: str
    instruction: str
    claimed_diff_id: Digest
    found_diff_id: Digest | None
    claimed_digest: Digest | None = None
    found_digest: Digest | None = None
    claimed_size: int | None = None
    found_size: int | None = None
    media_type: str | None = None
    claimed_compression: str | None = None
    found_compression: str | None = None
    trailing: int = 0
    is_proved: bool = True
    damage: LayerDamage | None = None
    absent: str | None = None

    @property
    def has_claimed_bytes(self) -> bool:
        """Whether the layer's bytes are those that the image names, be it that no tar can be read from them."""
        return has_claimed_bytes((self.claimed_digest, self.found_digest), (self.claimed_diff_id, self.found_diff_id))


class LayerProofCollector(Collector):
    """Compares every layer's descriptor and DiffID with its scan."""

    name = "layers.proof"
    sees_claims = True

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one proof a layer, and a gap where a digest is of an algorithm that the layer pass does not compute."""
        for number, (layer, scan) in enumerate(zip(context.image.layers, context.scans, strict=True)):
            proof = prove_layer(number, layer, scan, context.instruction(number))
            yield proof
            claimed, found = proof.claimed_digest, proof.found_digest
            if claimed is not None and found is not None and claimed.algorithm != found.algorithm:
                why = f"the manifest names a {claimed.algorithm} digest, of which only SHA-256 is recomputed"
                yield Gap("proof of the blob digest", f"layer {number}", why)


def has_claimed_bytes(digests: tuple[Digest | None, Digest | None], diff_ids: tuple[Digest, Digest | None]) -> bool:
    """Whether what was found of a layer is what is claimed, each as (claimed, found); of damaged ones not all is found.

    Without a manifest, or with a digest in it that is not computed, the DiffID has to tell.
    """
    (claimed, found), (diff_id, found_diff_id) = digests, diff_ids
    if claimed is None or found is None or claimed.algorithm != found.algorithm:
        return found_diff_id == diff_id
    return claimed == found and found_diff_id in {diff_id, None}


def prove_layer(number: int, layer: Layer, scan: LayerScan, instruction: str) -> LayerProof:
    """What is known of one layer's integrity."""
    descriptor, blob, damage = layer.descriptor, scan.blob, scan.damage
    return LayerProof(
        evidence=Evidence(layer=number, detail=layer.name),
        layer=number,
        name=layer.name,
        instruction=instruction,
        claimed_diff_id=layer.diff_id,
        found_diff_id=scan.diff_id,
        claimed_digest=descriptor.digest if descriptor else None,
        found_digest=blob.digest if blob else None,
        claimed_size=descriptor.size if descriptor else None,
        found_size=blob.size if blob else None,
        media_type=str(descriptor.media_type) if descriptor else None,
        claimed_compression=descriptor.media_type.compression if descriptor else None,
        found_compression=blob.compression.value if blob else None,
        trailing=blob.trailing if blob else 0,
        is_proved=scan.proof is not Proof.NONE,
        damage=None
        if damage is None
        else LayerDamage(damage.kind.value, damage.detail, damage.offset, len(scan.index)),
        absent=layer.absent,
    )
