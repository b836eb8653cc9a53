"""LAY004 truncated-layer: what it flags and what it lets pass."""

import pytest
from msgspec.structs import replace

from layerscope.facts.layers.proof import LayerDamage, LayerProof
from layerscope.image.digest import Digest
from layerscope.layers import compression, tar_scanner, xz
from layerscope.layers.limits import Limits
from layerscope.layers.reading import Reading, read_layer
from layerscope.layers.scan import DamageKind
from layerscope.rules.layers.truncated_layer import (
    FETCH_AGAIN,
    KEEP_WITHIN,
    RAISE_LIMIT,
    WRITE_ANEW,
    TruncatedLayer,
)
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.compression import PIECE, Packing, compress
from support.memory_layer import MemoryLayer
from support.sample_facts import DAMAGED, PROOF
from support.tar_writer import file, write_tar


def test_flags_a_layer_that_ends_too_early() -> None:
    """The message says where reading stopped, and what was read before."""
    (finding,) = flags(TruncatedLayer, DAMAGED)
    assert finding.message == (
        "Reading layer 3 (COPY model /model) stopped at byte 4,096 (truncated): the archive ends inside an entry"
    )
    assert finding.severity is Severity.CRITICAL
    assert finding.fixes == (FETCH_AGAIN,)


def test_suggests_a_higher_limit_where_a_limit_ended_the_reading() -> None:
    """Fetching the image again would end at the same limit."""
    layer = MemoryLayer("layer", write_tar([file("one"), file("two", xattrs={"user.two": b""})]), Digest.of(b"layer"))
    for limits in (Limits(layer_entries=1), Limits(layer_size=600)):
        (finding,) = flags(TruncatedLayer, _read(layer, limits))
        assert finding.fixes == (RAISE_LIMIT,)


def test_suggests_no_option_where_a_limit_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of frames, names and dictionaries, there is one ceiling for all."""
    for module, limit, packing in (
        (compression, "MAX_XZ_STREAMS", Packing.XZ_STREAMS),
        (tar_scanner, "MAX_NAMES", Packing.NONE),
        (xz, "MAX_XZ_MEMORY", Packing.XZ),
    ):
        monkeypatch.setattr(module, limit, 1)
        stored = compress(write_tar([file("one", bytes(PIECE))]), packing)
        (finding,) = flags(TruncatedLayer, _read(MemoryLayer("layer", stored, Digest.of(b"layer")), Limits()))
        assert finding.fixes == (KEEP_WITHIN,)


def _read(layer: MemoryLayer, limits: Limits) -> LayerProof:
    """The proof of a layer whose reading ends at a limit."""
    damage = read_layer(layer.open(), "layer", Reading(limits=limits)).damage
    assert damage is not None
    assert damage.kind is DamageKind.LIMIT
    return replace(PROOF, damage=LayerDamage(damage.kind, damage.detail, damage.offset, 1))


@pytest.mark.parametrize(
    "proof",
    [
        PROOF,
        replace(PROOF, found_diff_id=None),
        replace(PROOF, claimed_digest=None, found_digest=None),
        replace(PROOF, claimed_digest=Digest("sha512", "0" * 128)),
    ],
)
def test_suggests_to_write_a_layer_anew_whose_bytes_are_those_that_are_named(proof: LayerProof) -> None:
    """Every copy of it ends at the same place."""
    damage = LayerDamage("corrupt", "a sparse file whose map is wrong", 1024, 0)
    (finding,) = flags(TruncatedLayer, replace(proof, damage=damage))
    assert finding.message.endswith("whose map is wrong; its bytes are those that the image names")
    assert finding.fixes == (WRITE_ANEW,)


@pytest.mark.parametrize(
    "proof",
    [
        replace(PROOF, found_diff_id=Digest.of(b"other")),
        replace(PROOF, found_digest=Digest.of(b"other")),
        replace(PROOF, claimed_digest=None, found_diff_id=None),
        replace(PROOF, claimed_digest=Digest("sha512", "0" * 128), found_diff_id=None),
    ],
)
def test_suggests_another_copy_where_the_bytes_are_others(proof: LayerProof) -> None:
    """Or where nothing tells whether they are."""
    (finding,) = flags(TruncatedLayer, replace(proof, damage=LayerDamage("corrupt", "a wrong header", 1024, 0)))
    assert finding.message.endswith("a wrong header")
    assert finding.fixes == (FETCH_AGAIN,)


def test_ignores_a_layer_that_was_read_to_its_end() -> None:
    """Without damage there is nothing to say."""
    ignores(TruncatedLayer, PROOF)
