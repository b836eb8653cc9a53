"""LAY012 unspecified-compression: what it flags and what it lets pass."""

import pytest
from msgspec.structs import replace

from layerscope.rules.layers.lying_media_type import LyingMediaType
from layerscope.rules.layers.unspecified_compression import UnspecifiedCompression
from support.cases import flags, ignores
from support.sample_facts import DAMAGED, PROOF


@pytest.mark.parametrize("compression", ["xz", "bzip2"])
def test_flags_what_oci_has_no_media_type_for(compression: str) -> None:
    """A docker-archive names none; the message says which engines take the layer."""
    proof = replace(PROOF, media_type=None, claimed_compression=None, found_compression=compression)
    (finding,) = flags(UnspecifiedCompression, proof)
    assert finding.message == (
        f"The blob of layer 3 (COPY model /model) is compressed with {compression}, for which OCI has no media type: "
        "Docker's own image store and podman unpack it, containerd and Docker's containerd image store do not"
    )


def test_flags_a_media_type_that_says_otherwise_once() -> None:
    """No media type would be true, so that LAY006 leaves it to this rule."""
    proof = replace(PROOF, found_compression="xz")
    (finding,) = flags(UnspecifiedCompression, proof)
    assert "its media type application/vnd.oci.image.layer.v1.tar+gzip says otherwise" in finding.message
    ignores(LyingMediaType, proof)


def test_flags_a_damaged_layer() -> None:
    """Its copy elsewhere is compressed so, too."""
    flags(UnspecifiedCompression, replace(DAMAGED, found_compression="bzip2"))


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd", None])
def test_ignores_what_every_engine_takes(compression: str | None) -> None:
    """And layers that were not read."""
    ignores(UnspecifiedCompression, replace(PROOF, found_compression=compression))
