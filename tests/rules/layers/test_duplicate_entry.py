"""LAY008 duplicate-entry: what it flags and what it lets pass."""

from layerscope.rules.layers.duplicate_entry import DuplicateEntry
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import anomaly


def test_flags_a_path_that_occurs_twice_in_a_layer() -> None:
    """The specification forbids it, and readers disagree on which entry counts."""
    (finding,) = flags(DuplicateEntry, anomaly("duplicate-entry", "app/config.yaml"))
    assert finding.message == (
        "Layer 2 (ADD rootfs.tar /) repeats 1 path that it names already: /app/config.yaml; "
        "Docker and podman refuse it, in containerd the last entry wins"
    )
    assert finding.severity is Severity.HIGH


def test_flags_less_where_every_runtime_takes_both() -> None:
    """Names of which one starts with a slash are different ones to Docker and podman."""
    (finding,) = flags(DuplicateEntry, anomaly("respelled-duplicate", "app/config.yaml"))
    assert finding.message.endswith("/app/config.yaml; the last entry wins")
    assert finding.severity is Severity.MEDIUM


def test_tells_an_opaque_whiteout_for_what_it_is() -> None:
    """The directory itself is there once."""
    (finding,) = flags(DuplicateEntry, anomaly("duplicate-entry", "a", detail="its opaque whiteout"))
    assert "already: /a (its opaque whiteout); Docker and podman refuse it" in finding.message
    assert finding.severity is Severity.HIGH


def test_counts_all_that_are_repeated() -> None:
    """Also those that are not named."""
    (finding,) = flags(DuplicateEntry, anomaly("duplicate-entry", "a", "b", "c", "d", count=1200))
    assert "repeats 1,200 paths that it names already: /a, /b, /c and 1,197 more; " in finding.message


def test_ignores_other_anomalies() -> None:
    """They have rules of their own."""
    ignores(DuplicateEntry, anomaly("sparse-file", "app/config.yaml"))
