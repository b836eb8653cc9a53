"""LAY011 toc-tar-mismatch: what it flags and what it lets pass."""

from dataclasses import replace

from layerscope.facts.layers.tables import TableEntry
from layerscope.rules.layers.toc_tar_mismatch import TocTarMismatch
from support.cases import flags, ignores
from support.sample_facts import TABLE

ENTRIES = tuple(TableEntry(f"/bin/tool{number}", "mode", "4755", "0755") for number in range(5))


def test_flags_a_table_that_differs() -> None:
    """The first differences are told with both sides, all that are named have a place."""
    (finding,) = flags(TocTarMismatch, replace(TABLE, differences=ENTRIES, count=1200))
    assert finding.message == (
        "The eStargz table of contents of layer 3 (COPY model /model) differs from its tar in 1,200 places: "
        "mode of /bin/tool0: 4755 in the table, 0755 in the tar; mode of /bin/tool1: 4755 in the table, 0755 in the "
        "tar; mode of /bin/tool2: 4755 in the table, 0755 in the tar; and 1,197 more"
    )
    assert [place.path for place in finding.locations] == [entry.path for entry in ENTRIES]


def test_flags_a_table_that_no_runtime_can_use() -> None:
    """With the reason."""
    (finding,) = flags(TocTarMismatch, replace(TABLE, problem="its digest is sha256:0a, the manifest names sha256:0b"))
    assert finding.message.endswith("cannot be used: its digest is sha256:0a, the manifest names sha256:0b")


def test_ignores_a_table_that_says_what_the_tar_does() -> None:
    """Named by the manifest or not."""
    ignores(TocTarMismatch, TABLE, replace(TABLE, is_named=False))
