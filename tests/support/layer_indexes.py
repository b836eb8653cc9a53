"""Layer indexes made in tests: small ones by hand, any by hypothesis."""

from array import array
from collections.abc import Sequence

from hypothesis import strategies as st

from layerscope.layers.anomaly import MEANINGS
from layerscope.layers.entry import Anomaly, EntryType
from layerscope.layers.index import DIGEST_SIZE, LayerIndex

_UINT64 = st.integers(0, 2**64 - 1)
_INT64 = st.integers(-(2**63), 2**63 - 1)
_UINT32 = st.integers(0, 2**32 - 1)
_KINDS = st.sampled_from(sorted(MEANINGS))
_PATHS = st.text(st.characters(exclude_characters="\0"), max_size=12)
_ANY_TEXT = st.text(max_size=8)


def index_of(paths: Sequence[str], **columns: object) -> LayerIndex:
    """An index of regular files with these paths; the sizes count up, all other values are plain."""
    count = len(paths)
    plain: dict[str, object] = {
        "paths": list(paths),
        "types": bytearray([EntryType.FILE]) * count,
        "attributes": array("I", bytes(4 * count)),
        "attribute_table": [(0o644, 0, 0)],
        "sizes": array("Q", range(count)),
        "mtimes_ns": array("q", bytes(8 * count)),
        "digests": bytearray(range(DIGEST_SIZE)) * count,
        "offsets": array("Q", bytes(8 * count)),
        "uncompressed_size": 10240,
    }
    return LayerIndex(**(plain | columns))  # type: ignore[arg-type]  # the columns named are of their types


@st.composite
def layer_indexes(draw: st.DrawFn) -> LayerIndex:
    """Any index: every text without NUL as a path, every number that a column holds."""
    paths = draw(st.lists(_PATHS, max_size=6))
    count = len(paths)
    table = draw(st.lists(st.tuples(_UINT32, _UINT64, _INT64), min_size=1, max_size=3))
    positions = st.integers(0, max(count - 1, 0))
    return LayerIndex(
        paths=paths,
        types=bytearray(draw(st.lists(st.sampled_from(EntryType), min_size=count, max_size=count))),
        attributes=array("I", draw(st.lists(st.integers(0, len(table) - 1), min_size=count, max_size=count))),
        attribute_table=table,
        sizes=array("Q", draw(st.lists(_UINT64, min_size=count, max_size=count))),
        mtimes_ns=array("q", draw(st.lists(_INT64, min_size=count, max_size=count))),
        digests=bytearray(draw(st.binary(min_size=count * DIGEST_SIZE, max_size=count * DIGEST_SIZE))),
        offsets=array("Q", draw(st.lists(_UINT64, min_size=count, max_size=count))),
        links=draw(st.dictionaries(positions, _PATHS)),
        xattrs=draw(st.dictionaries(positions, st.dictionaries(_ANY_TEXT, st.binary(max_size=5)))),
        devices=draw(st.dictionaries(positions, st.tuples(_UINT32, _UINT32))),
        sparse=draw(st.dictionaries(positions, st.lists(_UINT64, max_size=6).map(lambda numbers: array("Q", numbers)))),
        anomalies=tuple(draw(st.lists(st.builds(Anomaly, _KINDS, _ANY_TEXT, _ANY_TEXT, _UINT64), max_size=2))),
        unnamed=draw(st.dictionaries(_KINDS, _UINT64, max_size=2)),
        uncompressed_size=draw(_UINT64),
    )
