"""What tests of the layer pass share."""

from collections.abc import Callable

import pytest

from layerscope.image.config import parse_config
from layerscope.image.digest import Digest
from layerscope.image.image import Image
from layerscope.image.layer import Layer


@pytest.fixture
def empty_image() -> Callable[..., Image]:
    """Makes an image that says nothing but which layers it has."""

    def make(*, layers: tuple[Layer, ...]) -> Image:
        diff_ids = ", ".join(f'"{layer.diff_id}"' for layer in layers)
        document = (
            f'{{"os": "linux", "architecture": "amd64", "rootfs": {{"type": "layers", "diff_ids": [{diff_ids}]}}}}'
        )
        config = parse_config(document.encode(), where="the config")
        return Image("test", "memory", config, Digest.of(document.encode()), layers)

    return make
