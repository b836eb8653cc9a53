"""LAY010 unverified-layer: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.layers.unverified_layer import UnverifiedLayer
from support.cases import flags, ignores
from support.sample_facts import DAMAGED, PROOF


def test_flags_a_layer_that_lies_elsewhere() -> None:
    """The message repeats why its bytes are not here."""
    (finding,) = flags(UnverifiedLayer, replace(PROOF, absent="a foreign layer", is_proved=False))
    assert finding.message == "Layer 3 (COPY model /model) was not verified: a foreign layer"


def test_flags_a_layer_that_nothing_proved() -> None:
    """A source that cannot prove a layer must not look as if it had."""
    (finding,) = flags(UnverifiedLayer, replace(PROOF, is_proved=False))
    assert finding.message.endswith("no reading proved its digests")


def test_ignores_layers_that_were_read() -> None:
    """A damaged layer was read as far as it goes, and is LAY004's."""
    ignores(UnverifiedLayer, PROOF, replace(DAMAGED, is_proved=False))
