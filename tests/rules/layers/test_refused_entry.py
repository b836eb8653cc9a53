"""LAY007 refused-entry: what it flags and what it lets pass."""

import pytest

from layerscope.layers.anomaly import REFUSED
from layerscope.rules.layers.refused_entry import NO_ENTRY, READING_ENDS, REFUSED_BY_SOME, RefusedEntry
from layerscope.rules.refusal_cures import CURES
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import anomaly


def test_flags_entries_that_runtimes_refuse() -> None:
    """All entries of one kind in one layer are one finding, with a place each."""
    refused = anomaly("overlong-name", "x", "y", meaning="the name is too long", is_refused=True)
    (finding,) = flags(RefusedEntry, refused)
    assert finding.message == (
        "2 entries of layer 2 (ADD rootfs.tar /) cannot be unpacked: the name is too long (/x and /y)"
    )
    assert finding.severity is Severity.HIGH
    assert [location.path for location in finding.locations] == ["x", "y"]


def test_tells_what_more_is_known_of_an_entry() -> None:
    """Where a hard link leads, or what a header without a path says."""
    link = anomaly("dangling-hardlink", "h", meaning="to nothing", is_refused=True, detail="to itself")
    (finding,) = flags(RefusedEntry, link)
    assert finding.message.endswith("cannot be unpacked: to nothing (/h: to itself)")
    record = anomaly("invalid-extended-header", "", meaning="no header", is_refused=True, detail="record at byte 0")
    assert flags(RefusedEntry, record)[0].message.endswith("no header (record at byte 0)")


def test_counts_all_that_are_refused() -> None:
    """Also those that are not named."""
    (finding,) = flags(RefusedEntry, anomaly("overlong-name", "a", "b", is_refused=True, count=1200))
    assert finding.message.startswith("1,200 entries of layer 2 ")
    assert finding.message.endswith(" (/a, /b and 1,198 more)")


def test_a_lone_zero_block_is_no_entry() -> None:
    """It is the layer that cannot be unpacked."""
    (finding,) = flags(RefusedEntry, anomaly("lone-zero-block", is_refused=True))
    assert finding.message == "Layer 2 (ADD rootfs.tar /) cannot be unpacked: it is so"


def test_says_where_not_every_runtime_refuses() -> None:
    """Containerd goes through a symlink that leads out of the layer."""
    (finding,) = flags(RefusedEntry, anomaly("below-symlink", "lnk/x", is_refused=True))
    assert finding.message.startswith("1 entry of layer 2 (ADD rootfs.tar /) is not unpacked by every runtime: ")
    (finding,) = flags(RefusedEntry, anomaly("below-symlink", "lnk/x", "lnk/y", is_refused=True))
    assert finding.message.startswith("2 entries of layer 2 (ADD rootfs.tar /) are not unpacked by every runtime: ")


def test_what_containerd_alone_refuses_is_of_medium_weight() -> None:
    """The mark hides nothing, and Docker and podman take it."""
    (finding,) = flags(RefusedEntry, anomaly("opaque-no-directory", "f", is_refused=True))
    assert " is not unpacked by every runtime: " in finding.message
    assert finding.severity is Severity.MEDIUM


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("dangling-hardlink", "put hard links behind their files"),
        ("unknown-type", "pack everything as a type that runtimes know"),
        ("replaced-directory", "leave out the directories that the layer itself replaces"),
        ("opaque-no-directory", "drop the opaque whiteouts of what is no directory"),
        ("whiteout-below-no-directory", "drop the whiteouts below what the layer removes or makes a file"),
        ("bad-number", "write numbers as tar programs do"),
        ("lone-zero-block", "end the archive with two zero blocks"),
        ("of-tomorrow", "rename, move or drop the entries"),
    ],
)
def test_advises_what_fits_the_kind(kind: str, advice: str) -> None:
    """Hard links are spoken of where there are any, and two kinds of one layer are two findings with their own."""
    (fix,) = flags(RefusedEntry, anomaly(kind, "x", is_refused=True))[0].fixes
    assert fix.title == f"Write the layer with a container builder, or {advice}"
    assert ("hard link" in "".join(fix.steps)) == (kind == "dangling-hardlink")


def test_names_kinds_that_are_refused() -> None:
    """The kinds that are told apart are known to the reader of layers."""
    assert {READING_ENDS, *REFUSED_BY_SOME, *NO_ENTRY, *CURES} <= REFUSED


def test_ignores_entries_that_are_merely_unusual() -> None:
    """An absolute name is stripped of its slash by every runtime."""
    ignores(RefusedEntry, anomaly("absolute-name", "/etc/passwd"))


def test_ignores_a_bad_checksum_since_it_ends_the_reading() -> None:
    """That is reported as a layer that cannot be read to its end."""
    ignores(RefusedEntry, anomaly("bad-checksum", is_refused=True))
