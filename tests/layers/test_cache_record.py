"""Indexes and extracts survive their way through bytes, and nothing else does."""

import random
import sys
import time
from array import array
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import CacheError
from layerscope.layers.cache_record import decode_record, encode_record
from layerscope.layers.entry import EntryType
from layerscope.layers.index import LayerIndex
from support.layer_indexes import index_of, layer_indexes

PLAIN_DATA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
EXTRACTS = st.dictionaries(
    st.text(st.characters(codec="ascii"), max_size=6), st.dictionaries(st.text(max_size=6), PLAIN_DATA, max_size=3)
)


@given(layer_indexes(), EXTRACTS)
def test_any_index_and_extracts_come_back(index: LayerIndex, extracts: Mapping[str, Mapping[str, object]]) -> None:
    """Lone surrogates, huge integers, line breaks and emptiness included."""
    assert decode_record(encode_record(index, extracts)) == (index, extracts)


@pytest.mark.parametrize("paths", [[], [""], ["", ""], ["a\nb", "\udcff\udc80", "\ud800", "\N{SNOWMAN}"]])
def test_awkward_paths_come_back(paths: list[str]) -> None:
    """The root alone, line breaks and bytes that are not UTF-8 are told apart."""
    assert decode_record(encode_record(index_of(paths), {}))[0].paths == paths


def test_columns_keep_their_types() -> None:
    """What was an array of 32 bits is one again."""
    index = decode_record(encode_record(index_of(["a"]), {}))[0]
    codes = [column.typecode for column in (index.attributes, index.sizes, index.mtimes_ns, index.offsets)]
    assert codes == ["I", "Q", "q", "Q"]
    assert isinstance(index.types, bytearray)
    assert isinstance(index.digests, bytearray)


def test_equal_attribute_sets_are_one_object() -> None:
    """A label on every file costs its memory once."""
    label = {"security.selinux": b"system_u:object_r:container_file_t:s0"}
    index = index_of(["a", "b"], xattrs={0: dict(label), 1: dict(label)})
    xattrs = decode_record(encode_record(index, {}))[0].xattrs
    assert xattrs == {0: label, 1: label}
    assert xattrs[0] is xattrs[1]


def test_columns_are_stored_little_endian(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record written on one kind of machine reads right on the other."""
    index = index_of(["a", "b"], sizes=array("Q", [1, 2]))
    swapped = index_of(["a", "b"], sizes=array("Q", [1 << 56, 2 << 56]))
    written = encode_record(index, {})
    monkeypatch.setattr(sys, "byteorder", "big")
    assert decode_record(written)[0].sizes == swapped.sizes
    assert decode_record(encode_record(index, {})) == (index, {})
    assert index.sizes == array("Q", [1, 2])


@pytest.mark.parametrize(
    "index",
    [
        index_of(["a\0b"]),
        index_of(["a"], links={0: "x\0y"}),
        index_of(["a"], attribute_table=[(0, 1 << 70, 0)]),
        index_of(["a"], devices={0: (-(1 << 70), 0)}),
    ],
)
def test_what_cannot_be_stored_is_said(index: LayerIndex) -> None:
    """A NUL in a path or a number beyond 64 bits is an error that names the cache, not a wrong record."""
    with pytest.raises(CacheError, match="writing a layer of 1 entries to the cache"):
        encode_record(index, {})


@pytest.mark.parametrize(
    "broken",
    [
        index_of(["a", "b"], types=bytearray([EntryType.FILE])),
        index_of(["a"], types=bytearray(b"?")),
        index_of(["a"], sizes=array("Q", [1, 2])),
        index_of(["a"], digests=bytearray(31)),
        index_of(["a"], attributes=array("I", [1])),
        index_of(["a"], attribute_table=[]),
    ],
)
def test_columns_that_do_not_fit_are_refused(broken: LayerIndex) -> None:
    """Lengths, entry types and table positions are checked, so that no later look-up fails."""
    with pytest.raises(CacheError, match="reading a layer from the cache"):
        decode_record(encode_record(broken, {}))


@given(st.binary(max_size=80))
def test_other_bytes_are_refused(content: bytes) -> None:
    """Whatever the bytes are, the only error is CacheError."""
    with pytest.raises(CacheError):
        decode_record(content)


@given(layer_indexes(), EXTRACTS, st.data())
def test_altered_bytes_never_crash(
    index: LayerIndex, extracts: Mapping[str, Mapping[str, object]], data: st.DataObject
) -> None:
    """Behind a forged checksum there may be anything; it is read as a record or refused."""
    content = bytearray(encode_record(index, extracts))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found, kept = decode_record(bytes(content))
        list(found)
        {name: dict(values) for name, values in kept.items()}
    except CacheError:
        return


def test_a_large_index_is_read_back_fast() -> None:
    """A warm audit of 167,000 entries stays under a second; reading them back takes a small part of it."""
    numbers = random.Random(0)
    paths = [f"usr/lib/python3/dist-packages/package_{n // 100}/module_{n}.py" for n in range(167_000)]
    sizes = array("Q", (numbers.randrange(10**6) for _ in paths))
    content = encode_record(index_of(paths, sizes=sizes), {})
    began = time.process_time()
    decode_record(content)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("runs", [[], [1], [0, 2]])
def test_directories_that_fit_no_entries_are_refused(runs: list[int]) -> None:
    """They begin with the first entry and end with the last."""
    index = index_of(["a", "b"])
    object.__setattr__(index, "runs", array("I", runs))
    with pytest.raises(CacheError, match="directories"):
        decode_record(encode_record(index, {}))
