"""How exactly the size of a layer is known before it is read."""

from layerscope.image.layer import Layer


def is_size_exact(layer: Layer) -> bool:
    """Whether it is that of a blob or file; of a folder, which has no stamp, an engine knows it nearly."""
    return layer.descriptor is not None or layer.stamp is not None or not layer.suits_workers
