"""What an image's facts say of how its layers are compressed, where a runtime does not read one."""

from collections.abc import Iterator
from typing import Final

from layerscope.audit.statement import Bearing, Statement
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.wording import tell_layers

UNREAD_BY_OLD: Final = "zstd"
"""What Docker unpacks since 23.0 and containerd since 1.5: https://docs.docker.com/engine/release-notes/23.0/"""


def tell_compression(facts: FactSet) -> Iterator[Statement]:
    """The layers that older engines do not unpack; no rule names them, since the image specification has them."""
    layers = [proof.layer for proof in facts.of(LayerProof) if proof.found_compression == UNREAD_BY_OLD]
    if layers:
        verb = "is" if len(layers) == 1 else "are"
        yield Statement(
            f"{tell_layers(layers)} {verb} compressed with {UNREAD_BY_OLD}: Docker older than 23.0 and containerd "
            "older than 1.5 do not unpack that",
            Bearing.OPEN,
        )
