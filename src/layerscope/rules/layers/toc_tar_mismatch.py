"""LAY011: a layer's table of contents describes other files than its tar holds."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.tables import LayerTable
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count, tell_layer

FIX = Fix(
    "Convert the image anew from one that you trust, and find out who wrote this one",
    (
        "nerdctl image convert --estargz --oci IMAGE IMAGE-esgz",
        "Or: skopeo copy --dest-compress-format zstd:chunked docker://IMAGE docker://IMAGE-zstd",
        "Or give the table up: skopeo copy --dest-compress --dest-compress-format gzip docker://IMAGE docker://IMAGE",
    ),
    kind=FixKind.REBUILD,
)

SHOWN = 3
"""Differences that the message names; the finding's places name more."""


class TocTarMismatch(Rule):
    """A layer's table of contents describes other files than its tar holds.

    What it checks: Every entry of an eStargz or zstd:chunked table is in the layer's tar with the same type, size,
        content, mode, owner, time, link, device and extended attributes, and the other way round; the table is where
        the manifest and the blob's end say, and has the digest that the manifest names.
    Why it matters: Runtimes that fetch files one by one (stargz-snapshotter, podman with partial pulls) believe the
        table, all others unpack the tar. Where the two differ, the same image is another one from node to node, and
        scanners, which read the tar, have never seen the files that run. A table that cannot be used makes the first
        kind of runtime fail or fetch the whole layer.
    Example: The tar has /usr/bin/tool as an ordinary file of 12 kB, and the table describes one of 40 kB with the mode
        4755, whose content lies elsewhere in the blob.
    Remedy: Convert the image anew with a tool that writes table and tar together, or store its layers without a table.
    Fix safety: Review: the layer's digest changes, and pins and signatures have to follow. A difference that no tool
        writes by mistake is a reason to look for who built the image.
    Blind spots: The digests that a table has of a file, and of its chunk where it is in one, are held against the
        tar's content; chunks of files that are in several are not fetched and compared. Times may differ by less than
        a second. Of names that come twice the last counts, in whatever order they stand. Tables that are stored in an
        image of their own are not looked for, and listed as gaps.
    References: stargz-snapshotter, docs/estargz.md; containers/storage, docs/containers-storage-zstd-chunked.md, and
        containers-storage.conf(5) on insecure_allow_unpredictable_image_contents.
    """

    code: ClassVar[str] = "LAY011"
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (LayerTable,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a table that differs or cannot be used."""
        for table in facts.of(LayerTable):
            where = f"The {table.form} table of contents of {tell_layer(table.layer, table.instruction)}"
            if table.problem is not None:
                yield self.finding(f"{where} cannot be used: {table.problem}", table.evidence, fixes=(FIX,))
            elif table.count:
                shown = "; ".join(place.detail or "" for place in table.places[:SHOWN])
                more = f"; and {table.count - SHOWN:,} more" if table.count > SHOWN else ""
                message = f"{where} differs from its tar in {tell_count(table.count, 'place')}: {shown}{more}"
                yield self.finding(message, *table.places, fixes=(FIX,))
