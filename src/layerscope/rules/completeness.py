"""Whether every layer was read: what is missing may lie in one that was not."""

from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof


def has_unread_layers(facts: FactSet) -> bool:
    """Whether some layer is absent or could not be read to its end, so that absence of a file proves nothing."""
    return any(proof.damage is not None or proof.absent is not None for proof in facts.of(LayerProof))
