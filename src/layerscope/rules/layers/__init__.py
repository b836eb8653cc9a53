"""Rules about the layers themselves.

LAY0xx: is every layer intact, and read alike by everyone? LAY1xx: which bytes are shipped for nothing, and by which
step? LAY2xx: which signs are there of a stale build or an incomplete copy?
"""

from typing import Final

from layerscope.rules.layers.blob_digest_mismatch import BlobDigestMismatch
from layerscope.rules.layers.blob_size_mismatch import BlobSizeMismatch
from layerscope.rules.layers.dangling_link import DanglingLink
from layerscope.rules.layers.deleted_in_later_layer import DeletedInLaterLayer
from layerscope.rules.layers.diff_id_mismatch import DiffIdMismatch
from layerscope.rules.layers.distant_build_steps import DistantBuildSteps
from layerscope.rules.layers.duplicate_entry import DuplicateEntry
from layerscope.rules.layers.duplicate_file import DuplicateFile
from layerscope.rules.layers.floating_base import FloatingBase
from layerscope.rules.layers.irregular_entry import IrregularEntry
from layerscope.rules.layers.leftover_package_cache import LeftoverPackageCache
from layerscope.rules.layers.lying_media_type import LyingMediaType
from layerscope.rules.layers.metadata_only_copy import MetadataOnlyCopy
from layerscope.rules.layers.overwritten_in_later_layer import OverwrittenInLaterLayer
from layerscope.rules.layers.refused_entry import RefusedEntry
from layerscope.rules.layers.shipped_byte_code import ShippedByteCode
from layerscope.rules.layers.stale_package_lists import StalePackageLists
from layerscope.rules.layers.toc_tar_mismatch import TocTarMismatch
from layerscope.rules.layers.trailing_data import TrailingData
from layerscope.rules.layers.truncated_layer import TruncatedLayer
from layerscope.rules.layers.unspecified_compression import UnspecifiedCompression
from layerscope.rules.layers.unverified_layer import UnverifiedLayer
from layerscope.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    BlobDigestMismatch(),
    DiffIdMismatch(),
    BlobSizeMismatch(),
    TruncatedLayer(),
    TrailingData(),
    LyingMediaType(),
    RefusedEntry(),
    DuplicateEntry(),
    IrregularEntry(),
    UnverifiedLayer(),
    TocTarMismatch(),
    UnspecifiedCompression(),
    DeletedInLaterLayer(),
    OverwrittenInLaterLayer(),
    MetadataOnlyCopy(),
    LeftoverPackageCache(),
    DuplicateFile(),
    ShippedByteCode(),
    DistantBuildSteps(),
    StalePackageLists(),
    FloatingBase(),
    DanglingLink(),
)
"""In order of their codes."""
