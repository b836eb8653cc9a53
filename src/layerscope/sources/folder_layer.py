"""A layer that an engine keeps unpacked in a folder, with the records that make its tar again."""

from dataclasses import dataclass
from pathlib import Path

from layerscope.errors import SourceError
from layerscope.image.digest import Digest
from layerscope.image.layer import ByteStream
from layerscope.sources.tar_split import TarSplit
from layerscope.sources.tar_split_stream import TarSplitStream


@dataclass(frozen=True, slots=True)
class FolderLayer:
    """A layer read in place.

    It has no stamp, for no single file holds it: the engine vouches that a folder still holds the layer that it was
    made from, and reading it proves that.
    """

    name: str
    diff_id: Digest
    records: TarSplit
    folder: Path
    stored_size: int
    """For a Docker engine nearly exact: its records would have to be read to know it."""
    descriptor: None = None
    stamp: None = None
    suits_workers: bool = True
    is_addressed: bool = False
    absent: None = None

    def open(self) -> TarSplitStream:
        """Open the layer's tar from its start."""
        return TarSplitStream(self.records, self.folder, what=f"layer {self.diff_id.short} in place")

    def open_range(self, offset: int, size: int) -> ByteStream:
        """Raise SourceError: the tar is made from its start, and there is no blob."""
        del offset, size
        raise SourceError(f"opening a part of layer {self.diff_id.short}: the engine keeps it unpacked")


def make_folder_layer(
    diff_id: Digest, *, records: Path, folder: Path, tar_size: int | None, content_size: int = 0
) -> FolderLayer:
    """Return the layer in `folder`; raises SourceError where its records or the folder itself are missing.

    Where the engine did not note the size of its tar, it is estimated from that of its files.
    """
    found = TarSplit.find(records)
    if found is None:
        raise SourceError(f"the engine kept no tar-split records of layer {diff_id.short} at {records}")
    if not folder.is_dir():
        raise SourceError(f"layer {diff_id.short} has no folder at {folder}")
    size = content_size + found.estimate_headers() if tar_size is None else tar_size
    return FolderLayer(str(folder), diff_id, found, folder, size)
