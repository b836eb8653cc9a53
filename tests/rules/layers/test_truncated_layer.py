"""LAY004 truncated-layer: what it flags and what it lets pass."""

import pytest
from msgspec.structs import replace

from layerscope.facts.layers.proof import LayerDamage, LayerProof
from layerscope.image.digest import Digest
from layerscope.rules.layers.truncated_layer import FETCH_AGAIN, RAISE_LIMIT, WRITE_ANEW, TruncatedLayer
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import DAMAGED, PROOF


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
    (finding,) = flags(TruncatedLayer, replace(PROOF, damage=LayerDamage("limit", "too many entries", 1, 1)))
    assert finding.fixes == (RAISE_LIMIT,)


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
