"""The image's name for a cluster, which asks a registry for it, and not the engine that has it."""

from collections.abc import Iterator
from typing import Final

from layerscope.audit.recipe.ground import Ground
from layerscope.errors import ReferenceSyntaxError
from layerscope.image.reference import DEFAULT_REGISTRY, Reference
from layerscope.recipe.setting import LeftOut

LOCAL: Final = "localhost"
"""What podman takes for the registry of images that come from none."""

_ENGINES: Final = ("docker engine ", "podman ")
"""How the sources of an engine's images begin."""


def derive_registry(ground: Ground) -> Iterator[LeftOut]:
    """A word where an engine has the image by a name of no registry, which may be another's image elsewhere."""
    image = ground.result.image
    try:
        reference = Reference.parse(image.reference)
    except ReferenceSyntaxError:
        return
    if not image.source.startswith(_ENGINES) or reference.registry not in {DEFAULT_REGISTRY, LOCAL}:
        return
    if reference.registry == LOCAL:
        told = f"{reference.familiar} is a name that no cluster finds: push the image to a registry"
    else:
        told = (
            f"a cluster asks {reference.registry} for {reference.familiar}, where another's image may have that name: "
            "unless the image came from there, push it to a registry"
        )
    yield LeftOut("a registry", f"{told}, and write the name that it has there", forms=("kubernetes",))
