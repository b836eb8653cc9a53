"""A layer's claims stand beside what its bytes proved."""

import gzip
from dataclasses import replace

from msgspec import structs

from layerscope.facts.layers.proof import LayerDamage, LayerProof, LayerProofCollector, prove_layer
from layerscope.image.digest import Digest
from layerscope.layers.reading import Reading, read_layer
from layerscope.layers.recall import empty_index
from layerscope.layers.scan import LayerScan, Proof
from support.contexts import collect_gaps, collect_one, make_context
from support.memory_layer import MemoryLayer, claim
from support.tar_member import file
from support.tar_writer import write_tar

TAR = write_tar([file("app/model", b"weights" * 1000)])
STORED = gzip.compress(TAR, mtime=0)
LAYER = MemoryLayer("blobs/sha256/x", STORED, Digest.of(TAR), claim(STORED))


def read(layer: MemoryLayer) -> LayerScan:
    """The layer as the layer pass reads it."""
    return read_layer(layer.open(), layer.name, Reading())


def test_claims_and_finds_the_same_of_a_sound_layer() -> None:
    """Digest, size, DiffID and compression."""
    proof = prove_layer(0, LAYER, read(LAYER), "COPY model /app")
    assert proof.claimed_digest == proof.found_digest == Digest.of(STORED)
    assert proof.claimed_size == proof.found_size == len(STORED)
    assert proof.claimed_diff_id == proof.found_diff_id == Digest.of(TAR)
    assert proof.claimed_compression == proof.found_compression == "gzip"
    assert (proof.trailing, proof.damage, proof.absent, proof.is_proved) == (0, None, None, True)
    assert (proof.evidence.layer, proof.evidence.detail) == (0, "blobs/sha256/x")


def test_tells_where_a_damaged_layer_breaks() -> None:
    """What was found then is not what was claimed."""
    cut = replace(LAYER, stored=STORED[:-40])
    proof = prove_layer(0, cut, read(cut), "")
    assert isinstance(proof.damage, LayerDamage)
    assert proof.damage.kind == "truncated"
    assert proof.found_size == len(STORED) - 40
    assert proof.found_digest != proof.claimed_digest


def test_finds_nothing_of_a_layer_that_is_not_here() -> None:
    """The claims are all there is."""
    absent = replace(LAYER, absent="a foreign layer")
    proof = prove_layer(2, absent, LayerScan(None, None, empty_index(), {}, None, Proof.NONE), "")
    assert (proof.absent, proof.is_proved) == ("a foreign layer", False)
    assert (proof.found_diff_id, proof.found_digest, proof.found_size) == (None, None, None)


def test_claims_nothing_without_a_manifest() -> None:
    """But the config's DiffID."""
    proof = prove_layer(0, replace(LAYER, descriptor=None), read(LAYER), "")
    assert (proof.claimed_digest, proof.claimed_size, proof.media_type) == (None, None, None)


def test_yields_one_proof_a_layer_with_its_instruction() -> None:
    """Layers and scans go together."""
    proof = collect_one(LayerProofCollector, make_context([file("a")], steps=["COPY a /"]), LayerProof)
    assert (proof.layer, proof.instruction) == (0, "COPY a /")


def test_a_digest_of_another_algorithm_is_a_gap() -> None:
    """It is not recomputed, and that is said."""
    context = make_context([file("a")])
    (layer,) = context.image.layers
    assert layer.descriptor is not None
    other = structs.replace(layer.descriptor, digest=Digest.parse("sha512:" + "1" * 128))
    assert isinstance(layer, MemoryLayer)
    image = replace(context.image, layers=(replace(layer, descriptor=other),))
    (gap,) = collect_gaps(LayerProofCollector, replace(context, image=image))
    assert (gap.what, gap.where) == ("proof of the blob digest", "layer 0")
