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
    names = "under 3 names (l, /l, ../l)"
    (finding,) = flags(DuplicateEntry, anomaly("respelled-duplicate", "l", detail=names))
    assert finding.message == f"Layer 2 (ADD rootfs.tar /) repeats /l {names}; the last entry wins"
    assert finding.severity is Severity.MEDIUM
    (finding,) = flags(DuplicateEntry, anomaly("respelled-duplicate", "l", "m", detail=names, count=30))
    assert f" repeats 30 paths: /l {names}, /m {names} and 28 more; " in finding.message


def test_names_a_path_once_however_often_it_is_repeated() -> None:
    """Each entry behind the first is an anomaly."""
    (finding,) = flags(DuplicateEntry, anomaly("duplicate-entry", "a", "b", "a"))
    assert " repeats 2 paths that it names already: /a (3 times) and /b; " in finding.message


def test_tells_an_opaque_whiteout_for_what_it_is() -> None:
    """The directory itself is there once."""
    (finding,) = flags(DuplicateEntry, anomaly("duplicate-entry", "a", detail="its opaque whiteout"))
    assert "already: /a (its opaque whiteout); Docker and podman refuse it" in finding.message
    assert finding.severity is Severity.HIGH


def test_counts_all_that_are_repeated() -> None:
    """Also those that are not named."""
    (finding,) = flags(DuplicateEntry, anomaly("duplicate-entry", "a", "b", "c", "d", count=1200))
    assert " repeats paths that it names already, in 1,200 entries, among them /a, /b, /c; " in finding.message


def test_ignores_other_anomalies() -> None:
    """They have rules of their own."""
    ignores(DuplicateEntry, anomaly("sparse-file", "app/config.yaml"))


def test_tells_what_is_repeated_and_how_often_together() -> None:
    """In one bracket."""
    (finding,) = flags(DuplicateEntry, anomaly("duplicate-entry", "f/x", "f/x", detail="its whiteout"))
    assert " repeats 1 path that it names already: /f/x (its whiteout, 3 times); " in finding.message


def test_one_path_of_many_entries_has_no_others() -> None:
    """There may be more than those that are named, and there may be none."""
    (finding,) = flags(DuplicateEntry, anomaly("duplicate-entry", "x", "x", count=29))
    assert " repeats paths that it names already, in 29 entries, among them /x; " in finding.message
