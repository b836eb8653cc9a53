"""LAY002 diff-id-mismatch: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.layers.diff_id_mismatch import DiffIdMismatch
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import CONTENT, DAMAGED, OTHER, PROOF


def test_flags_content_that_the_config_does_not_name() -> None:
    """The message names both DiffIDs."""
    (finding,) = flags(DiffIdMismatch, replace(PROOF, found_diff_id=OTHER))
    assert finding.message == (
        f"Layer 3 (COPY model /model) unpacks to {OTHER}, but the config names the DiffID {CONTENT}"
    )
    assert finding.severity is Severity.CRITICAL


def test_ignores_content_with_its_diff_id() -> None:
    """Equal DiffIDs are what every layer has."""
    ignores(DiffIdMismatch, PROOF)


def test_ignores_a_layer_that_was_not_read_to_its_end() -> None:
    """Half a layer has no DiffID; its damage is another rule's."""
    ignores(DiffIdMismatch, replace(DAMAGED, found_diff_id=OTHER), replace(PROOF, found_diff_id=None))
