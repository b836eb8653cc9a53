"""LAY007 refused-entry: what it flags and what it lets pass."""

from layerscope.rules.layers.refused_entry import RefusedEntry
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import anomaly


def test_flags_entries_that_runtimes_refuse() -> None:
    """All entries of one kind in one layer are one finding, with a place each."""
    refused = anomaly("escaping-name", "../x", "../y", meaning="the name leads out of the root", is_refused=True)
    (finding,) = flags(RefusedEntry, refused)
    assert finding.message == (
        "2 entries of layer 2 (ADD rootfs.tar /) cannot be unpacked: the name leads out of the root (/../x and /../y)"
    )
    assert finding.severity is Severity.HIGH
    assert [location.path for location in finding.locations] == ["../x", "../y"]


def test_ignores_entries_that_are_merely_unusual() -> None:
    """An absolute name is stripped of its slash by every runtime."""
    ignores(RefusedEntry, anomaly("absolute-name", "/etc/passwd"))


def test_ignores_a_bad_checksum_since_it_ends_the_reading() -> None:
    """That is reported as a layer that cannot be read to its end."""
    ignores(RefusedEntry, anomaly("bad-checksum", is_refused=True))
