"""Absence proves nothing where a layer could not be read."""

from msgspec.structs import replace

from layerscope.facts.fact_set import FactSet
from layerscope.rules.completeness import has_unread_layers
from support.sample_facts import DAMAGED, PROOF


def test_a_damaged_or_absent_layer_is_unread() -> None:
    """One is enough."""
    assert has_unread_layers(FactSet([PROOF, DAMAGED]))
    assert has_unread_layers(FactSet([replace(PROOF, absent="a foreign layer")]))


def test_an_image_whose_layers_were_all_read_is_whole() -> None:
    """Wrong digests do not hide files."""
    assert not has_unread_layers(FactSet([PROOF]))
    assert not has_unread_layers(FactSet([]))
