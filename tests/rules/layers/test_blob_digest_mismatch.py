"""LAY001 blob-digest-mismatch: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.image.digest import Digest
from layerscope.rules.layers.blob_digest_mismatch import BlobDigestMismatch
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import BLOB, OTHER, PROOF


def test_flags_a_blob_that_hashes_to_something_else() -> None:
    """The message names the layer, its instruction, and both digests."""
    (finding,) = flags(BlobDigestMismatch, replace(PROOF, found_digest=OTHER))
    assert finding.message == (
        f"The blob of layer 3 (COPY model /model) hashes to {OTHER}, but the manifest names {BLOB}"
    )
    assert finding.severity is Severity.CRITICAL
    assert [location.layer for location in finding.locations] == [3]


def test_ignores_a_blob_with_the_digest_that_is_claimed() -> None:
    """Equal digests are what every layer has."""
    ignores(BlobDigestMismatch, PROOF)


def test_ignores_a_layer_without_a_claim_or_without_a_reading() -> None:
    """There is nothing to compare where no manifest or no blob is."""
    ignores(BlobDigestMismatch, replace(PROOF, claimed_digest=None), replace(PROOF, found_digest=None))


def test_ignores_digests_of_different_algorithms() -> None:
    """A SHA-512 digest cannot be compared with a SHA-256 one."""
    ignores(BlobDigestMismatch, replace(PROOF, claimed_digest=Digest.parse("sha512:" + "0" * 128)))
