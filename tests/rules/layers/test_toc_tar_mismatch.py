"""LAY011 toc-tar-mismatch: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.rules.layers.toc_tar_mismatch import TocTarMismatch
from support.cases import flags, ignores
from support.sample_facts import TABLE

PLACES = tuple(
    Evidence(
        layer=3,
        path=f"/bin/tool{number}",
        detail=f"mode of /bin/tool{number}: 4755 in the table, 0755 in the tar",
    )
    for number in range(5)
)


def test_flags_a_table_that_differs() -> None:
    """The first differences are told with both sides, all that are named have a place."""
    (finding,) = flags(TocTarMismatch, replace(TABLE, places=PLACES, count=1200))
    assert finding.message == (
        "The eStargz table of contents of layer 3 (COPY model /model) differs from its tar in 1,200 places: "
        "mode of /bin/tool0: 4755 in the table, 0755 in the tar; mode of /bin/tool1: 4755 in the table, 0755 in the "
        "tar; mode of /bin/tool2: 4755 in the table, 0755 in the tar; and 1,197 more"
    )
    assert [place.path for place in finding.locations] == [place.path for place in PLACES]


def test_flags_a_table_that_no_runtime_can_use() -> None:
    """With the reason."""
    (finding,) = flags(TocTarMismatch, replace(TABLE, problem="its digest is sha256:0a, the manifest names sha256:0b"))
    assert finding.message.endswith("cannot be used: its digest is sha256:0a, the manifest names sha256:0b")


def test_ignores_a_table_that_says_what_the_tar_does() -> None:
    """Named by the manifest or not."""
    ignores(TocTarMismatch, TABLE, replace(TABLE, is_named=False))
