"""What comparing a layer's table of contents with its tar found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableDifference:
    """One thing about one path (`what`: presence, type, content, …) as the table and as the tar have it."""

    path: str
    what: str
    table: str
    tar: str


@dataclass(frozen=True, slots=True)
class TableScan:
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
