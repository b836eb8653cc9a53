"""ScanParts: what the readers of one tar share while it passes."""

from msgspec import Struct

from layerscope.layers.block_reader import BlockReader
from layerscope.layers.columns import Columns
from layerscope.layers.content_hashes import ContentHashes
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.plain_names import PlainNames
from layerscope.layers.tar_header import HeaderReader


class ScanParts(Struct, frozen=True):
    """Bodies are read from `reader` into `columns`; `headers` and `names` remember what many members have in common."""

    reader: BlockReader
    headers: HeaderReader
    columns: Columns
    extractors: ExtractorSet
    names: PlainNames
    hashes: ContentHashes
