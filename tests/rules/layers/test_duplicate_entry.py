"""LAY008 duplicate-entry: what it flags and what it lets pass."""

from layerscope.rules.layers.duplicate_entry import DuplicateEntry
from support.cases import flags, ignores
from support.sample_facts import anomaly


def test_flags_a_path_that_occurs_twice_in_a_layer() -> None:
    """The specification forbids it, and readers disagree on which entry counts."""
    (finding,) = flags(DuplicateEntry, anomaly("duplicate-entry", "app/config.yaml"))
    assert finding.message == (
        "Layer 2 (ADD rootfs.tar /) repeats 1 path that it names already: /app/config.yaml; the last entry wins"
    )


def test_ignores_other_anomalies() -> None:
    """They have rules of their own."""
    ignores(DuplicateEntry, anomaly("sparse-file", "app/config.yaml"))
