"""Layers that OCI has no media types for: engines do with them what LAY012 says."""

from random import Random

import pytest
from docker.errors import APIError, ImageLoadError

from layerscope.image.digest import Digest
from support.archives import pack, saved
from support.compression import Packing, compress
from support.live_engines import LiveEngine
from support.live_images import prove
from support.tar_writer import file, write_tar

PACKINGS = [packing for packing in Packing if not packing.is_standard]
TAKEN_FOR_A_TAR = "invalid tar header"


def build_archive(packing: Packing, tag: str) -> tuple[bytes, str]:
    """A docker-archive with a layer that no engine has yet, packed so, and the layer's DiffID."""
    tar = write_tar([file("packing", tag.encode()), file("data", Random(tag).randbytes(10_000))])
    members = saved({"layer/layer.tar": tar}, tags=[tag])
    diff_id = Digest.of(tar)
    return pack({**members, "layer/layer.tar": compress(tar, packing)}), str(diff_id)


@pytest.mark.parametrize("packing", PACKINGS)
def test_engines_unpack_them_unless_containerd_does(engine: LiveEngine, packing: Packing) -> None:
    """Docker's own store and podman have the files then; containerd takes the layer for a plain tar."""
    tag = f"layerscope/packed-{packing}:{engine.name}"
    archive, diff_id = build_archive(packing, tag)
    if "containerd" in engine.name:
        with pytest.raises((ImageLoadError, APIError), match=TAKEN_FOR_A_TAR):
            engine.client.images.load(archive)
        return
    engine.client.images.load(archive)
    assert prove(engine.source(tag)).diff_ids == [diff_id]
