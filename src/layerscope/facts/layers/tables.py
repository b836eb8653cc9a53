"""What layers' tables of contents say otherwise than their tars."""

from collections.abc import Iterator

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.layers.toc.result import TableDifference, TableScan


class LayerTable(Fact, frozen=True):
    """A layer's table of contents beside its tar; `count` differences, of which `places` has the first.

    `problem` says why no runtime could use the table; then nothing was compared.
    """

    layer: int
    instruction: str
    form: str
    entries: int
    is_named: bool
    """Whether the manifest names the table's digest, without which most runtimes do not use it."""
    problem: str | None
    count: int
    places: tuple[Evidence, ...]
    """With what differs there, and how the table and the tar have it."""


class LayerTableCollector(Collector):
    """Tells what comparing the tables found."""

    name = "layers.tables"
    sees_claims = True

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield a fact a table, and a gap for a layer whose tables could not be compared."""
        for layer, scan in enumerate(context.scans):
            for table in scan.tables:
                yield _describe(layer, table, context.instruction(layer))
            if scan.uncompared is not None:
                yield Gap("the table of contents beside the tar", f"layer {layer}", scan.uncompared)


def _describe(layer: int, table: TableScan, instruction: str) -> LayerTable:
    first = table.differences[0].path if table.differences else None
    return LayerTable(
        evidence=Evidence(layer=layer, path=first),
        layer=layer,
        instruction=instruction,
        form=table.form,
        entries=table.entries,
        is_named=table.is_named,
        problem=table.problem,
        count=table.count,
        places=tuple(Evidence(layer=layer, path=each.path, detail=_tell(each)) for each in table.differences),
    )


def _tell(difference: TableDifference) -> str:
    return f"{difference.what} of {difference.path}: {difference.table} in the table, {difference.tar} in the tar"
