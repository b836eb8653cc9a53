"""What comparing a layer's table of contents with its tar found."""

from msgspec import Struct


class TableDifference(Struct, frozen=True):
    """One thing about one path (`what`: presence, type, content, …) as the table and as the tar have it."""

    path: str
    what: str
    table: str
    tar: str


class TableScan(Struct, frozen=True):
    """One table of a layer beside the layer's tar.

    `is_named` tells whether the manifest names the table's digest. `problem` says why no runtime could use the table;
    then nothing was compared. `count` counts all differences, of which `differences` names the first.
    """

    form: str
    is_named: bool
    entries: int = 0
    problem: str | None = None
    differences: tuple[TableDifference, ...] = ()
    count: int = 0
