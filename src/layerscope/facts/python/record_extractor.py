"""What the layer pass keeps of RECORD files: their columns, to be held against the merged tree."""

from array import array
from dataclasses import dataclass, field
from typing import Final

from layerscope.errors import FormatError
from layerscope.formats.dist_record import DistRecord, parse_dist_record
from layerscope.layers.extractor import Wants

CONTENT_LIMIT: Final = 8 << 20
"""Bytes of a RECORD; that of torch, with 20,000 rows, has 2.4 million. Larger ones are told as a gap."""

_FOLDER_SUFFIX: Final = ".dist-info"


@dataclass(frozen=True)
class RecordExtractor:
    """Keeps paths, digests and sizes as one value each: a list of 20,000 rows would cost every reading of the layer."""

    name: str = "python-records"
    version: int = 1
    wants: Wants = field(default=Wants(names=frozenset({"RECORD"}), limit=CONTENT_LIMIT))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The columns; `{"problem": …}` of a file that does not parse."""
        del mode
        if not path.rpartition("/")[0].endswith(_FOLDER_SUFFIX):
            return None
        if size > len(content):
            return {"problem": f"reading a RECORD: {size:,} bytes, limit {CONTENT_LIMIT:,}"}
        try:
            record = parse_dist_record(content)
        except FormatError as error:
            return {"problem": str(error)}
        return {"paths": "\0".join(record.paths), "digests": record.digests, "sizes": record.sizes.tobytes()}


def decode_record(kept: object) -> DistRecord | None:
    """The record that `extract` was shown; None of one that did not parse."""
    match kept:
        case {"paths": str(paths), "digests": bytes(digests), "sizes": bytes(sizes)}:
            return DistRecord(tuple(paths.split("\0")) if paths else (), digests, array("q", sizes))
    return None
