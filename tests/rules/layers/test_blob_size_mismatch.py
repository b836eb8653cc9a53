"""LAY003 blob-size-mismatch: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.layers.blob_size_mismatch import CORRECT, FETCH_AGAIN, FETCH_OR_CORRECT, BlobSizeMismatch
from support.cases import flags, ignores
from support.sample_facts import OTHER, PROOF


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


def test_advises_what_the_digest_calls_for() -> None:
    """A blob that is what its digest says has the right size; another one is to be had again, whatever its size."""
    wrong = replace(PROOF, found_size=900)
    cases = {
        CORRECT: wrong,
        FETCH_AGAIN: replace(wrong, found_digest=OTHER),
        FETCH_OR_CORRECT: replace(wrong, found_digest=None),
    }
    assert [flags(BlobSizeMismatch, proof)[0].fixes for proof in cases.values()] == [(fix,) for fix in cases]
    assert "orrect" not in "".join((FETCH_AGAIN.title, *FETCH_AGAIN.steps))
