"""A listing for a program."""

from collections.abc import Sequence

from layerscope.filesystem.listing import Listing, Row
from layerscope.report.json_parts import head_document
from layerscope.report.json_text import encode_json
from layerscope.report.places import root_path


def render_tree_json(listing: Listing, *, reference: str, told_by_table: Sequence[int] = ()) -> str:
    """Every row, parents before children; sizes in bytes, modes in octal as text.

    `told_by_table` are the layers of which nothing but the table of contents was read.
    """
    return encode_json(
        {
            **head_document(),
            "reference": reference,
            "layers_told_by_table": list(told_by_table),
            "present": listing.present,
            "removed": listing.removed,
            "counts": {str(change): count for change, count in sorted(listing.counts.items())},
            "entries": [_build_row(row) for row in listing.rows],
        }
    )


def _build_row(row: Row) -> dict[str, object]:
    return {
        "path": root_path(row.path),
        "change": str(row.change),
        "type": row.type.name.lower(),
        "mode": f"{row.mode:04o}",
        "uid": row.uid,
        "gid": row.gid,
        "size": row.size,
        "present": row.present,
        "removed": row.removed,
        "link": row.link,
        "kept_at": row.kept_at,
        "layer": row.layer,
        "below": row.folded,
    }
