"""Plain values come back as they were, whatever form they were stored in."""

import pytest

from layerscope.layers.cache_extracts import pack_extracts, unpack_extracts


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
