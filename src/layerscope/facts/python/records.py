"""RECORD files of the merged tree, each decoded once for all who ask."""

from posixpath import normpath

from msgspec import Struct

from layerscope.facts.context import FactContext
from layerscope.facts.python.record_extractor import RecordExtractor, decode_record
from layerscope.formats.dist_record import DIGEST_SIZE, NO_DIGEST, DistRecord


class InstalledRecord(Struct, frozen=True):
    """The rows of one RECORD, with their paths from the root of the tree."""

    site: str
    paths: tuple[str, ...]
    record: DistRecord

    @property
    def size(self) -> int:
        """Bytes of all files together, as far as they are told."""
        return sum(size for size in self.record.sizes if size > 0)

    def digest(self, row: int) -> bytes | None:
        """The SHA-256 of a row, where it has one."""
        digest = self.record.digests[row * DIGEST_SIZE : (row + 1) * DIGEST_SIZE]
        return None if digest == NO_DIGEST else digest


def find_records(context: FactContext) -> dict[str, InstalledRecord]:
    """The records that the container sees, by the path of their dist-info."""
    found = {}
    for layer, path, kept in context.extracts(RecordExtractor.name):
        node = context.tree.get(path)
        record = decode_record(kept) if node is not None and node.content_layer == layer else None
        if record is not None:
            folder = path.rpartition("/")[0]
            site = folder.rpartition("/")[0]
            found[folder] = InstalledRecord(site, tuple(_place(site, row) for row in record.paths), record)
    return found


def _place(site: str, row: str) -> str:
    """A row's path from the root."""
    if row.startswith("/") or "./" in row or "//" in row:
        return normpath(row if row.startswith("/") else f"/{site}/{row}").lstrip("/")
    return f"{site}/{row}" if site else row
