"""Plain values come back as they were, whatever form they were stored in."""

import pickle

import msgspec
import pytest

from layerscope.errors import CacheError
from layerscope.layers.cache_extracts import StoredExtract, StoredValues, pack_extracts, unpack_extracts


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(2**63),
        2**64 - 1,
        2**64,
        -(2**63) - 1,
        1.5,
        "text",
        "\udc80",
        "\ud800x",
        b"\xff\0",
        [],
        {},
        [[], [[]], ["t", "x"], ["\udc80", [1 << 70]]],
        {"a": {"b": [1, None]}, "\udcff": {"\ud800": [True]}},
        {"a": ["i", "0x1"], "\udcff": b""},
    ],
)
def test_a_value_comes_back_equal_and_of_its_type(value: object) -> None:
    """Both forms keep true apart from 1, bytes from text, and lists from what looks like a tag."""
    extracts: dict[str, dict[str, object]] = {"x": {"path": value}}
    back = unpack_extracts(pack_extracts(extracts))["x"]["path"]
    assert back == value
    assert type(back) is type(value)


def test_a_path_that_is_not_utf8_comes_back() -> None:
    """The path itself may force the longer form."""
    extracts: dict[str, dict[str, object]] = {"x": {"caf\udce9": {"key": "value"}, "plain": 1}}
    assert unpack_extracts(pack_extracts(extracts)) == extracts


def test_only_the_extractor_that_needs_it_pays_for_the_longer_form() -> None:
    """One odd name does not slow down what others kept."""
    stored = pack_extracts({"odd": {"\udce9": 1}, "plain": {"a": 1}})
    assert [(each.name, each.is_long) for each in stored] == [("odd", True), ("plain", False)]


def test_order_is_kept() -> None:
    """Extracts come back in the order in which the layer was read."""
    extracts: dict[str, dict[str, object]] = {"x": {"b": 1, "a": 2}, "y": {"\udce9": 1, "z": 2, "c": {"n": 1, "m": 2}}}
    back = unpack_extracts(pack_extracts(extracts))
    assert [list(values) for values in back.values()] == [["b", "a"], ["\udce9", "z", "c"]]


@pytest.mark.parametrize("value", [object(), iter(())])
def test_what_is_no_plain_data_is_refused(value: object) -> None:
    """An extractor that breaks its promise is found when its value is stored."""
    with pytest.raises(TypeError):
        pack_extracts({"x": {"path": value}})


def test_values_are_made_when_they_are_asked_for() -> None:
    """A warm audit does not pay for what nobody looks at, and what is looked at twice is made once."""
    kept = unpack_extracts(pack_extracts({"x": {"a": {"n": 1}, "b": [2]}}))["x"]
    assert isinstance(kept, StoredValues)
    assert (list(kept), len(kept), "a" in kept, "c" in kept) == (["a", "b"], 2, True, False)
    assert kept["a"] is kept["a"]


def test_values_pass_from_one_process_to_another() -> None:
    """A worker that found a layer in the cache answers with it."""
    kept = unpack_extracts(pack_extracts({"x": {"a": {"n": 1}}}))
    assert pickle.loads(pickle.dumps(kept)) == {"x": {"a": {"n": 1}}}  # noqa: S301 - what was pickled just now


def test_what_was_read_back_can_be_stored_again() -> None:
    """Values that nobody has asked for are no hindrance."""
    kept = unpack_extracts(pack_extracts({"x": {"a": [1]}}))
    assert unpack_extracts(pack_extracts(kept)) == kept


def test_bytes_that_break_off_are_refused_at_once() -> None:
    """The form of all values is looked at when the layer is loaded, so that it is a miss."""
    (stored,) = pack_extracts({"x": {"a": [1, 2, 3]}})
    with pytest.raises(msgspec.MsgspecError):
        unpack_extracts([StoredExtract("x", False, stored.content[:-1])])


def test_a_forged_value_is_an_error_when_it_is_asked_for() -> None:
    """Text that is not UTF-8 is met late; the error names the path."""
    kept = unpack_extracts([StoredExtract("x", False, memoryview(b"\x82\xa1a\x01\xa1b\xa1\xff"))])["x"]
    assert kept["a"] == 1
    with pytest.raises(CacheError, match="'b' from the cache"):
        kept["b"]
