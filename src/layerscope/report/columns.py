"""Columns of plain text, aligned by what a terminal shows."""

from collections.abc import Sequence

from layerscope.report.escape import measure

GAP = "  "


def align_rows(rows: Sequence[Sequence[str]], sides: str) -> list[str]:
    """Return one line a row; `sides` says for each column whether it is aligned left (`l`) or right (`r`)."""
    widths = [max((measure(row[column]) for row in rows), default=0) for column in range(len(sides))]
    return [
        GAP.join(_pad(cell, width, side) for cell, width, side in zip(row, widths, sides, strict=True)).rstrip()
        for row in rows
    ]


def _pad(cell: str, width: int, side: str) -> str:
    space = " " * (width - measure(cell))
    return space + cell if side == "r" else cell + space
