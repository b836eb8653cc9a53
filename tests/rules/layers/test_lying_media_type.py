"""LAY006 lying-media-type: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.layers.lying_media_type import LyingMediaType
from support.cases import flags, ignores
from support.sample_facts import DAMAGED, PROOF


def test_flags_zstd_that_is_called_gzip() -> None:
    """The message says what the bytes are, and the fix which media type is true."""
    (finding,) = flags(LyingMediaType, replace(PROOF, found_compression="zstd"))
    assert finding.message == (
        "The blob of layer 3 (COPY model /model) is compressed with zstd, but its media type "
        "application/vnd.oci.image.layer.v1.tar+gzip says gzip"
    )
    assert finding.fixes[0].steps[1].endswith("layers[3].mediaType to application/vnd.oci.image.layer.v1.tar+zstd.")


def test_flags_a_plain_tar_that_is_called_gzip() -> None:
    """Not to be compressed at all is another way to lie."""
    (finding,) = flags(LyingMediaType, replace(PROOF, found_compression="none"))
    assert "is not compressed" in finding.message


def test_ignores_gzip_that_is_called_gzip() -> None:
    """A media type that says nothing of compression cannot lie either."""
    ignores(LyingMediaType, PROOF, replace(PROOF, claimed_compression=None, found_compression="zstd"))


def test_ignores_a_damaged_blob() -> None:
    """Garbage at the start of a blob is damage, not a lie."""
    ignores(LyingMediaType, replace(DAMAGED, found_compression="none"))
