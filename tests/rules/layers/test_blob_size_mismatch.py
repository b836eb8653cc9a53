"""LAY003 blob-size-mismatch: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.layers.blob_size_mismatch import BlobSizeMismatch
from support.cases import flags, ignores
from support.sample_facts import PROOF


def test_flags_a_blob_that_is_too_short() -> None:
    """The message says how many bytes are missing."""
    (finding,) = flags(BlobSizeMismatch, replace(PROOF, found_size=900))
    assert finding.message == (
        "The blob of layer 3 (COPY model /model) has 900 bytes, but the manifest claims 1,000: 100 bytes missing"
    )


def test_flags_a_blob_that_is_too_long() -> None:
    """One byte too many is enough."""
    (finding,) = flags(BlobSizeMismatch, replace(PROOF, found_size=1001))
    assert finding.message.endswith("1 byte too many")


def test_ignores_a_blob_of_the_size_that_is_claimed() -> None:
    """Equal sizes are what every layer has; a source without a manifest claims none."""
    ignores(BlobSizeMismatch, PROOF, replace(PROOF, claimed_size=None))
