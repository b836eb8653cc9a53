"""LAY004 truncated-layer: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.layers.proof import LayerDamage
from layerscope.rules.layers.truncated_layer import FETCH_AGAIN, RAISE_LIMIT, TruncatedLayer
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import DAMAGED, PROOF


def test_flags_a_layer_that_ends_too_early() -> None:
    """The message says where reading stopped, and what was read before."""
    (finding,) = flags(TruncatedLayer, DAMAGED)
    assert finding.message == (
        "Reading layer 3 (COPY model /model) stopped at byte 4,096 (truncated): the archive ends inside an entry"
    )
    assert finding.severity is Severity.CRITICAL
    assert finding.fixes == (FETCH_AGAIN,)


def test_suggests_a_higher_limit_where_a_limit_ended_the_reading() -> None:
    """Fetching the image again would end at the same limit."""
    (finding,) = flags(TruncatedLayer, replace(PROOF, damage=LayerDamage("limit", "too many entries", 1, 1)))
    assert finding.fixes == (RAISE_LIMIT,)


def test_ignores_a_layer_that_was_read_to_its_end() -> None:
    """Without damage there is nothing to say."""
    ignores(TruncatedLayer, PROOF)
